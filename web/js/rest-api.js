import { call } from "./http.js";

/** The REST calls of one person, each shown to `log`. */
export class RestApi {
  #identity;
  #log;

  constructor(identity, log) {
    this.#identity = identity;
    this.#log = log;
  }

  async openSession(toEmail, intent) {
    const body = { fromEmail: this.#identity.email, toEmail, intent };
    return (await this.#call("POST", "api/chat/init", { body })).sessionId;
  }

  sessions({ limit = 50, cursor } = {}) {
    return this.#call("GET", "api/chat/sessions", { query: { email: this.#identity.email, limit, cursor } });
  }

  history(sessionId, { limit = 50, before, after } = {}) {
    return this.#call("GET", `api/chat/${sessionId}/history`, { query: { limit, before, after } });
  }

  async #call(method, path, options) {
    const query = new URLSearchParams(Object.entries(options.query ?? {}).filter(([, value]) => value != null));
    const line = `${method} /${path}${query.size ? `?${query}` : ""}`;
    try {
      const answer = await call(method, path, { ...options, token: await this.#identity.token() });
      this.#log.http(line, options.body, answer, 200);
      return answer;
    } catch (problem) {
      this.#log.http(line, options.body, { code: problem.code, detail: problem.message }, problem.status);
      if (problem.code === "unauthenticated") this.#identity.forget();
      throw problem;
    }
  }
}
