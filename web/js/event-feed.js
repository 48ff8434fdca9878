import { Emitter } from "./emitter.js";

/**
 * `/user/queue/events`: everything that happens in all sessions, resumed after a token (docs/sync.md). The token lives
 * as long as what was told up to it, which is as long as the page. Emits
 * - `ready` with whether it was resumed: everything before has been told;
 * - `reset`: the token was of no use, and all is told anew until `ready`;
 * - the types of events that are no messages, receipts or sessions, with the event.
 */
export class EventFeed extends Emitter {
  #connection;
  #inbox;
  #conversations;
  /** @type {string | null} */
  #sync = null;
  #resuming = false;
  #resumed = false; // whether what was known before is still good
  #resetAt = 0;

  /**
   * @param {Connection} connection
   * @param {Inbox} inbox
   * @param {Conversations} conversations
   */
  constructor(connection, inbox, conversations) {
    super();
    this.#connection = connection;
    this.#inbox = inbox;
    this.#conversations = conversations;
  }

  /** Whether all that was missed will come. */
  get resumes() {
    return this.#sync !== null;
  }

  /** On a new connection. */
  start() {
    this.#resuming = true;
    this.#resumed = this.#sync !== null;
    /** @type {Record<string, string>} */
    const headers = { id: "events" };
    if (this.#sync) headers["resume-after"] = this.#sync;
    this.#connection.subscribe("/user/queue/events", (event, { sync }) => this.#take(event, sync), headers);
  }

  /**
   * @param {ChatEvent} event
   * @param {string | undefined} sync
   */
  #take(event, sync) {
    if (event.type === "message") this.#message(event);
    else if (event.type === "receipt") this.#receipt(event);
    else if (event.type === "session") this.#conversations.told(event);
    else if (event.type === "reset") this.#reset();
    if (sync) this.#sync = sync;
    if (event.type === "ready") this.#ready(event.sync);
    else this.emit(event.type, event);
  }

  /**
   * Receipts tell what was delivered and seen, and not the flags of a message.
   * @param {ChatMessage} message
   */
  #message(message) {
    this.#inbox.message({ ...message, delivered: false, seen: false });
  }

  /** @param {ReceiptOf} event */
  #receipt({ sessionId, by, deliveredTo, seenTo }) {
    const byMe = by !== this.#conversations.get(sessionId)?.peer.profileId;
    this.#inbox.receipt(sessionId, { deliveredTo, seenTo }, { byMe });
  }

  #reset() {
    this.#sync = null;
    this.#resumed = false;
    this.#resetAt = performance.now();
    for (const conversation of this.#conversations.list) conversation.forget();
  }

  /** The first one on a connection ends the resume; later ones only move the token on. @param {string} sync */
  #ready(sync) {
    this.#sync = sync;
    if (this.#resetAt) this.#conversations.keepToldSince(this.#resetAt);
    this.#resetAt = 0;
    if (!this.#resuming) return;
    this.#resuming = false;
    this.emit("ready", { resumed: this.#resumed });
  }
}
