import { call } from "./http.js";
import { asProblem } from "./problem.js";

/** The REST calls of one person, each shown to `log`. */
export class RestApi {
  #identity;
  #log;

  /**
   * @param {Identity} identity
   * @param {EventLog} log
   */
  constructor(identity, log) {
    this.#identity = identity;
    this.#log = log;
  }

  /**
   * @param {string} toEmail
   * @param {string} intent
   * @returns {Promise<string>} the sessionId
   */
  async openSession(toEmail, intent) {
    const body = { fromEmail: this.#identity.email, toEmail, intent };
    return (await this.#call("POST", "api/chat/init", { body })).sessionId;
  }

  /** @param {{ limit?: number, cursor?: string | null }} [page] */
  sessions({ limit = 50, cursor } = {}) {
    return this.#call("GET", "api/chat/sessions", { query: { email: this.#identity.email, limit, cursor } });
  }

  /**
   * @param {string} sessionId
   * @param {{ limit?: number, before?: number, after?: number }} [page]
   */
  history(sessionId, { limit = 50, before, after } = {}) {
    return this.#call("GET", `api/chat/${sessionId}/history`, { query: { limit, before, after } });
  }

  /**
   * @param {string} sessionId
   * @param {StateChange} change
   */
  setState(sessionId, change) {
    return this.#call("PUT", `api/chat/${sessionId}/state`, { body: change });
  }

  /** Those for all intents first. @returns {Promise<{ settings: (Shows & { intent?: string })[] }>} */
  settings() {
    return this.#call("GET", "api/chat/settings", {});
  }

  /** @param {Partial<Shows>} shows */
  saveSettings(shows) {
    return this.#call("PUT", "api/chat/settings", { body: shows });
  }

  /** @returns {Promise<UnreadTotals>} */
  unreadCounts() {
    return this.#call("GET", "api/chat/unread-counts", { query: { email: this.#identity.email } });
  }

  /** From this message on, for oneself. @param {ChatMessage} message */
  markUnread({ sessionId, seq }) {
    return this.#call("POST", `api/chat/${sessionId}/unread`, { body: { fromSeq: seq } });
  }

  /**
   * @param {ChatMessage} message
   * @param {string} content
   * @returns {Promise<ChatMessage>}
   */
  edit({ sessionId, messageId, version }, content) {
    return this.#call("PATCH", `api/chat/${sessionId}/messages/${messageId}`, { body: { content, version } });
  }

  /**
   * @param {ChatMessage} message
   * @param {string | null} emoji null takes mine away
   */
  react({ sessionId, messageId }, emoji) {
    const path = `api/chat/${sessionId}/messages/${messageId}/reaction`;
    return emoji ? this.#call("PUT", path, { body: { emoji } }) : this.#call("DELETE", path, {});
  }

  /**
   * @param {ChatMessage} message
   * @param {"everyone" | "me"} whom for whom it is to be gone
   */
  delete({ sessionId, messageId }, whom) {
    return this.#call("DELETE", `api/chat/${sessionId}/messages/${messageId}`, { query: { for: whom } });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Omit<CallOptions, "token">} options
   */
  async #call(method, path, options) {
    const given = Object.entries(options.query ?? {}).filter(([, value]) => value != null);
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    const line = `${method} /${path}${query.size ? `?${query}` : ""}`;
    try {
      const answer = await call(method, path, { ...options, token: await this.#identity.token() });
      this.#log.http(line, options.body, answer, 200);
      return answer;
    } catch (error) {
      const problem = asProblem(error);
      this.#log.http(line, options.body, { code: problem.code, detail: problem.message }, problem.status);
      if (problem.code === "unauthenticated") this.#identity.forget();
      throw problem;
    }
  }
}
