import { keep, read } from "./storage.js";

/**
 * @param {string} email
 * @param {string} [sessionId]
 */
export const draftKey = (email, sessionId = "") => `chat-service:draft:${email}:${sessionId}`;

/** What is written in a conversation and not sent: it outlives the tab, and the service shares it between devices. */
export class Draft {
  #key;

  /**
   * @param {string} email
   * @param {string} sessionId
   */
  constructor(email, sessionId) {
    this.#key = draftKey(email, sessionId);
  }

  get text() {
    return this.#kept.text;
  }

  set text(text) {
    this.#keep(text, this.#kept.shared);
  }

  /** Whether the service does not have it yet. */
  get isNew() {
    const { text, shared } = this.#kept;
    return text !== shared;
  }

  /** The service has this one now. Returns whether it changes what is written here. @param {string} shared */
  share(shared) {
    const { text, shared: before } = this.#kept;
    if (shared === before) return false;
    const isNews = text === before && text !== shared; // else what is written here is newer
    this.#keep(isNews ? shared : text, shared);
    return isNews;
  }

  /** @returns {{ text: string, shared: string }} */
  get #kept() {
    return read(this.#key) ?? { text: "", shared: "" };
  }

  /**
   * @param {string} text
   * @param {string} shared
   */
  #keep(text, shared) {
    keep(this.#key, text || shared ? { text, shared } : null);
  }
}
