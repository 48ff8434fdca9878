import { day, sameDay } from "../format.js";
import { divider, messageItem, unsentItem } from "./message.js";
import { stateOf } from "./ticks.js";

const TOGETHER = 5 * 60_000; // messages of one person within this time form a group

/** The list items of one conversation, by key. An item is made again only when what it shows has changed. */
export class MessageItems {
  #person;
  #conversation;
  #actions;
  /** @type {Map<string, Item>} */
  #items = new Map(); // by key: { signature, element, isMessage }

  /**
   * @param {Person} person
   * @param {Conversation} conversation
   * @param {MessageActions} actions
   */
  constructor(person, conversation, actions) {
    this.#actions = actions;
    this.#person = person;
    this.#conversation = conversation;
  }

  /** Pairs of key and element of the messages that were arranged last. @returns {[string, HTMLElement][]} */
  get messages() {
    return [...this.#items].filter(([, { isMessage }]) => isMessage).map(([key, { element }]) => [key, element]);
  }

  /** @param {string} key */
  elementOf(key) {
    return this.#items.get(key)?.element;
  }

  /** The key of the item with this element in it. @param {Element | null} inside */
  keyOf(inside) {
    return this.messages.find(([, element]) => element.contains(inside))?.[0];
  }

  /**
   * The elements for `messages` (oldest first), then those that are not sent yet.
   * @param {ChatMessage[]} messages
   * @param {{ withUnsent: boolean }} options
   */
  elements(messages, { withUnsent }) {
    const wanted = new Map();
    /** @type {Put} */
    const put = (key, signature, make, isMessage = false) => {
      const known = this.#items.get(key);
      wanted.set(key, known?.signature === signature ? known : { signature, element: make(), isMessage });
    };
    const unreadFrom = this.#conversation.whenOpened.firstUnread;
    /** @type {ChatMessage | undefined} */
    let previous;
    for (const message of messages) {
      if (message.seq === unreadFrom) put("unread", "", () => divider("New messages", "unread"));
      this.#putBefore(message, previous, put);
      this.#putMessage(message, previous, put);
      this.#putAfter(message, put);
      previous = message;
    }
    if (withUnsent) this.#putUnsent(messages, put);
    this.#items = wanted;
    return [...wanted.values()].map(({ element }) => element);
  }

  /**
   * @param {ChatMessage} message
   * @param {ChatMessage | undefined} previous
   * @param {Put} put
   */
  #putBefore(message, previous, put) {
    if (previous && sameDay(previous.sentAt, message.sentAt)) return;
    const name = day(message.sentAt);
    put(`day ${new Date(message.sentAt).toDateString()}`, name, () => divider(name));
  }

  /**
   * @param {ChatMessage} message
   * @param {ChatMessage | undefined} previous
   * @param {Put} put
   */
  #putMessage(message, previous, put) {
    const mine = this.#conversation.isMine(message);
    const first = !previous || isBreak(previous, message, mine === this.#conversation.isMine(previous));
    const origin = message.replyTo && this.#conversation.withSeq(message.replyTo.seq);
    const signature = `${mine && stateOf(message)} ${first} ${message.version} ${origin?.version}`;
    const make = () => messageItem(this.#conversation, message, { mine, first, actions: this.#actions });
    put(message.clientMessageId, signature, make, true);
  }

  /**
   * @param {ChatMessage} message
   * @param {Put} put
   */
  #putAfter({ seq }, put) {
    const count = this.#conversation.resumes.get(seq);
    if (count === undefined) return;
    const what = count === 1 ? "1 message" : `${count || "no"} messages`;
    put(`resumed ${seq}`, what, () => divider(`Connection resumed after no. ${seq}: ${what}`, "resumed"));
  }

  /**
   * @param {ChatMessage[]} messages
   * @param {Put} put
   */
  #putUnsent(messages, put) {
    const stored = new Set(messages.map(({ clientMessageId }) => clientMessageId));
    for (const send of this.#person.unsent.of(this.#conversation.sessionId)) {
      if (stored.has(send.clientMessageId)) continue;
      const retry = () => this.#person.unsent.retry(send);
      const discard = () => this.#person.unsent.discard(send);
      const make = () => unsentItem(send, { first: false, retry, discard });
      put(send.clientMessageId, `${send.state} ${send.problem}`, make, true);
    }
  }
}

/**
 * @param {ChatMessage} previous
 * @param {ChatMessage} message
 * @param {boolean} sameSide
 */
const isBreak = (previous, message, sameSide) =>
  !sameSide ||
  !sameDay(previous.sentAt, message.sentAt) ||
  Date.parse(message.sentAt) - Date.parse(previous.sentAt) > TOGETHER;
