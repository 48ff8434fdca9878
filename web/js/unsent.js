import { Emitter } from "./emitter.js";
import { keep, kept } from "./storage.js";

/** @param {string} email */
const prefix = (email) => `chat-service:unsent:${email}:`;
const FIRST_RETRY = 4_000;
const LONGEST_RETRY = 30_000;
const WATCH = 1_000;

/**
 * Sends that have no ack yet. Each is repeated, with its clientMessageId, until it is acked or refused for good:
 * the service stores it once, however often it comes. They outlive the tab: each is an entry of its own in the
 * browser's storage, which all tabs of the person share. Emits `changed` with the send.
 *
 * A send's `state`: `waiting` to go out, `sent`, `accepted` (its RECEIPT came: it will not be lost), `failed`.
 */
export class Unsent extends Emitter {
  #connection;
  #email;
  /** @type {Map<string, Send>} */
  #sends = new Map();

  /**
   * @param {Connection} connection
   * @param {string} email
   */
  constructor(connection, email) {
    super();
    this.#connection = connection;
    this.#email = email;
    for (const send of kept(prefix(email))) this.#sends.set(send.clientMessageId, { ...send, tries: 0, dueAt: 0 });
    connection.on("connected", () => this.#all(() => true));
    connection.on("lost", () => this.#lost());
    this.timer = setInterval(() => this.#all((send) => send.dueAt <= Date.now()), WATCH);
    this.onStorage = (/** @type {StorageEvent} */ { key, newValue }) => newValue === null && this.#goneElsewhere(key);
    window.addEventListener("storage", this.onStorage);
  }

  stop() {
    clearInterval(this.timer);
    window.removeEventListener("storage", this.onStorage);
  }

  /** Forgets all of them, as when the person signs out. */
  forget() {
    for (const send of [...this.#sends.values()]) this.discard(send);
  }

  /** @param {string} sessionId */
  of(sessionId) {
    return [...this.#sends.values()].filter((send) => send.sessionId === sessionId);
  }

  get size() {
    return this.#sends.size;
  }

  /**
   * @param {string} sessionId
   * @param {string} intent
   * @param {string} content
   * @param {number} [replyTo] the seq of the message that it answers
   */
  add(sessionId, intent, content, replyTo) {
    const clientMessageId = newId();
    /** @type {Send} */
    const send = {
      clientMessageId,
      sessionId,
      intent,
      content,
      replyTo,
      at: new Date().toISOString(),
      state: "waiting",
      tries: 0,
      dueAt: 0,
    };
    this.#sends.set(clientMessageId, send);
    this.#become(send, {});
    this.#go(send);
  }

  /** @param {string} clientMessageId */
  acked(clientMessageId) {
    if (this.#sends.delete(clientMessageId)) this.#unsave(clientMessageId);
  }

  /** @param {import("./problem.js").Problem} problem */
  refused(problem) {
    const send = this.#sends.get(problem.clientMessageId ?? "");
    if (!send) return;
    if (problem.passes) this.#become(send, { state: "waiting", problem: problem.message });
    else this.#become(send, { state: "failed", problem: problem.message });
  }

  /** @param {Send} send */
  retry(send) {
    this.#become(send, { state: "waiting", problem: undefined });
    this.#go(send);
  }

  /** @param {Send} send */
  discard(send) {
    this.#sends.delete(send.clientMessageId);
    this.#unsave(send.clientMessageId);
    this.emit("changed", send);
  }

  /** @param {(send: Send) => boolean} due */
  #all(due) {
    if (!this.#connection.connected) return;
    for (const send of this.#sends.values()) if (send.state !== "failed" && due(send)) this.#go(send);
  }

  /** @param {Send} send */
  #go(send) {
    if (!this.#connection.connected) return;
    const { clientMessageId, sessionId, intent, content, replyTo } = send;
    const receipt = `send-${clientMessageId.slice(0, 8)}-${send.tries + 1}`;
    send.dueAt = Date.now() + Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** send.tries);
    this.#connection.onReceipt(receipt, () => {
      if (this.#sends.has(clientMessageId)) this.#become(send, { state: "accepted", problem: undefined });
    });
    const body = { sessionId, senderEmail: this.#email, intent, content, clientMessageId, replyTo };
    this.#connection.send("/app/chat.send", body, { receipt });
    this.#become(send, { state: "sent", tries: send.tries + 1 });
  }

  #lost() {
    for (const send of this.#sends.values())
      if (send.state !== "failed") this.#become(send, { state: "waiting", tries: 0 });
  }

  /**
   * @param {Send} send
   * @param {Partial<Send>} change
   */
  #become(send, change) {
    Object.assign(send, change);
    keep(prefix(this.#email) + send.clientMessageId, send);
    this.emit("changed", send);
  }

  /** @param {string} clientMessageId */
  #unsave(clientMessageId) {
    localStorage.removeItem(prefix(this.#email) + clientMessageId);
  }

  /** Another tab of the same person got the ack. @param {string | null} key */
  #goneElsewhere(key) {
    if (!key?.startsWith(prefix(this.#email))) return;
    const clientMessageId = key.slice(prefix(this.#email).length);
    const send = this.#sends.get(clientMessageId);
    if (!send) return;
    this.#sends.delete(clientMessageId);
    this.emit("changed", send);
  }
}

/** randomUUID is there on https and localhost only; a service under test may be elsewhere. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
