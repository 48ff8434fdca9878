import { day, sameDay } from "../format.js";
import { divider, messageItem, unsentItem } from "./message.js";
import { stateOf } from "./ticks.js";

const TOGETHER = 5 * 60_000; // messages of one person within this time form a group

/** The list items of one conversation, by key. An item is made again only when what it shows has changed. */
export class MessageItems {
  #person;
  #conversation;
  #items = new Map(); // by key: { signature, element, isMessage }

  constructor(person, conversation) {
    this.#person = person;
    this.#conversation = conversation;
  }

  /** Pairs of key and element of the messages that were arranged last. */
  get messages() {
    return [...this.#items].filter(([, { isMessage }]) => isMessage).map(([key, { element }]) => [key, element]);
  }

  elementOf(key) {
    return this.#items.get(key)?.element;
  }

  /** The elements for `messages` (oldest first), then those that are not sent yet. */
  elements(messages, { withUnsent }) {
    const wanted = new Map();
    const put = (key, signature, make, isMessage = false) => {
      const known = this.#items.get(key);
      wanted.set(key, known?.signature === signature ? known : { signature, element: make(), isMessage });
    };
    const unreadFrom = this.#conversation.firstUnread;
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

  #putBefore(message, previous, put) {
    if (previous && sameDay(previous.sentAt, message.sentAt)) return;
    const name = day(message.sentAt);
    put(`day ${new Date(message.sentAt).toDateString()}`, name, () => divider(name));
  }

  #putMessage(message, previous, put) {
    const mine = this.#conversation.isMine(message);
    const first = !previous || isBreak(previous, message, mine === this.#conversation.isMine(previous));
    const signature = `${mine && stateOf(message)} ${first}`;
    put(message.clientMessageId, signature, () => messageItem(message, { mine, first }), true);
  }

  #putAfter({ seq }, put) {
    const count = this.#conversation.resumes.get(seq);
    if (count === undefined) return;
    const what = count === 1 ? "1 message" : `${count || "no"} messages`;
    put(`resumed ${seq}`, what, () => divider(`Connection resumed after no. ${seq}: ${what}`, "resumed"));
  }

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

const isBreak = (previous, message, sameSide) =>
  !sameSide ||
  !sameDay(previous.sentAt, message.sentAt) ||
  new Date(message.sentAt) - new Date(previous.sentAt) > TOGETHER;
