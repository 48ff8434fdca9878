import { call } from "./http.js";
import { Problem } from "./problem.js";

const RENEW_BEFORE = 60_000;
/** @param {string} email */
const key = (email) => `chat-service:token:${email}`;

/** Who somebody is: an e-mail, and a token that says so. The token lives as long as the tab and is never shown. */
export class Identity {
  #token;
  /** @type {Promise<{ token: string }> | null | undefined} */
  #asking;

  /**
   * @param {string} email
   * @param {{ madeByService?: boolean, token?: string }} [options]
   */
  constructor(email, { madeByService, token } = {}) {
    this.email = email.trim().toLowerCase();
    this.madeByService = madeByService;
    this.#token = token ?? sessionStorage.getItem(key(this.email)) ?? undefined;
    if (token) this.#keep(token);
  }

  /** The identity that a pasted token speaks of. Throws a Problem. @param {string} token */
  static ofToken(token) {
    const bare = token.replace(/^\s*Bearer\s/i, "").replaceAll(/\s/g, ""); // a terminal or a mail breaks it over lines
    const { sub, email: claimed, exp } = claims(bare);
    const email = [sub, claimed].find(isAddress); // as the service reads it
    if (!email || !exp) throw new Problem({ title: "This is not a token of a user" });
    if (exp * 1000 <= Date.now()) throw new Problem({ title: "This token has expired" });
    return new Identity(email, { token: bare });
  }

  get expiresAt() {
    return this.#token ? (claims(this.#token).exp ?? 0) * 1000 : 0;
  }

  /** A token that is good for a while yet. Throws a Problem where only its owner can bring a new one. */
  async token() {
    if (this.#token && this.expiresAt - Date.now() > (this.madeByService ? RENEW_BEFORE : 0)) return this.#token;
    return this.renew();
  }

  async renew() {
    if (!this.madeByService) throw new Problem({ code: "unauthenticated", title: "Please sign in with a new token" });
    this.#asking ??= call("POST", "dev/token", { body: { email: this.email } }).finally(() => (this.#asking = null));
    return this.#keep((await this.#asking).token);
  }

  /** Goes on with the token of `other`, who is the same person. @param {Identity} other */
  take(other) {
    if (other.#token) this.#keep(other.#token);
  }

  forget() {
    this.#token = undefined;
    sessionStorage.removeItem(key(this.email));
  }

  /** @param {string} token */
  #keep(token) {
    this.#token = token;
    sessionStorage.setItem(key(this.email), token);
    return token;
  }
}

const isAddress = (/** @type {unknown} */ claim) => typeof claim === "string" && claim.includes("@");

/**
 * @param {string} token
 * @returns {{ sub?: string, email?: string, exp?: number }}
 */
function claims(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (c) => c.charCodeAt(0))));
  } catch {
    return {};
  }
}
