import { DeliveryWatch } from "./delivery-watch.js";

/**
 * What a service without events tells: queues for messages, acks and receipts, and the topic of the open conversation,
 * which resumes after the last seq that is known.
 */
export class QueueFeed {
  #connection;
  #inbox;
  #watch;
  #leaveTopic = () => {};

  /**
   * @param {Connection} connection
   * @param {Inbox} inbox
   * @param {RestApi} rest
   */
  constructor(connection, inbox, rest) {
    this.#connection = connection;
    this.#inbox = inbox;
    this.#watch = new DeliveryWatch(rest);
  }

  /** On a new connection. */
  start() {
    const inbox = this.#inbox;
    const subscribe = this.#connection.subscribe.bind(this.#connection);
    subscribe("/user/queue/ack", (message) => inbox.message(message), { id: "ack" });
    const seen = (/** @type {{ sessionId: string, upToSeq: number }} */ { sessionId, upToSeq }) =>
      inbox.receipt(sessionId, { seenTo: upToSeq });
    subscribe("/user/queue/receipts", seen, { id: "receipts" });
    this.catchUp();
  }

  /** Begins with what was never delivered to this person, which is delivered then. */
  catchUp() {
    const undelivered = { id: "messages", replay: "undelivered" };
    const given = (/** @type {ChatMessage} */ message) => this.#inbox.message(message);
    this.#connection.subscribe("/user/queue/messages", given, undelivered);
  }

  /** Follows the topic of a session from where its history ends; null for none. @param {Conversation | null} open */
  follow(open) {
    this.#leaveTopic();
    this.#leaveTopic = () => {};
    this.#watch.watch(null);
    if (!open || !this.#connection.connected) return;
    this.#watch.watch(open);
    const onTopic = (/** @type {ChatMessage} */ message) => {
      this.#inbox.message(message, { onTopic: true });
      this.#watch.watch(open);
    };
    const headers = { id: `session-${open.sessionId.slice(-8)}`, "resume-after": String(open.heldTo) };
    this.#leaveTopic = this.#connection.subscribe(`/topic/session.${open.sessionId}`, onTopic, headers);
  }

  /** Looks again what was delivered in the open conversation. @param {Conversation | null} open */
  look(open) {
    this.#watch.watch(open);
  }

  stop() {
    this.#watch.watch(null);
  }
}
