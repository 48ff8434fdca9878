import { Emitter } from "./emitter.js";
import { keep, read } from "./storage.js";

/**
 * @param {string} email
 * @param {string} [sessionId]
 */
export const draftKey = (email, sessionId = "") => `chat-service:draft:${email}:${sessionId}`;

/**
 * The messages of one session, as far as they are known here. Emits `changed`.
 *
 * `heldTo` is the seq up to which there is no hole: a subscription resumes after it. An ack may bring a later message
 * before the ones in between, which is why this is not simply the last seq.
 */
export class Conversation extends Emitter {
  /** By clientMessageId. @type {Map<string, ChatMessage>} */
  #messages = new Map();
  /** @type {ChatMessage[] | null} */
  #ordered = null;
  /** The newest message that is known, loaded or not. @type {ChatMessage | undefined} */
  last;
  lastSeq = 0;
  intent = "";
  createdAt = "";
  unread = 0;
  /** @type {Peer} */
  peer = { email: "", displayName: "" };
  #heldFrom = 0;
  #lastWhenOpened = 0;

  /**
   * @param {string} me my e-mail
   * @param {SessionSummary} summary
   */
  constructor(me, summary) {
    super();
    this.me = me;
    this.sessionId = summary.sessionId;
    this.loaded = false;
    this.loading = false;
    this.hasOlder = false;
    this.heldTo = 0;
    this.seenTo = 0; // by me
    this.unreadWhenOpened = 0;
    this.resumes = new Map(); // after which seq a lost connection went on, and how many messages came then
    this.summarize(summary);
  }

  /** What the list of sessions says. @param {SessionSummary} summary */
  summarize({ intent, peer, lastMessage, unreadCount, lastSeq, createdAt }) {
    this.lastSeq = Math.max(lastSeq, this.lastSeq);
    // what was just seen may not have been when this was asked for
    const unread = lastSeq <= this.heldTo && this.#sawAll() ? 0 : unreadCount;
    Object.assign(this, { intent, peer, createdAt, unread });
    if (lastMessage) this.#noteLast(lastMessage);
    this.emit("changed");
  }

  /** What is written and not sent; outlives the tab. */
  get draft() {
    return read(draftKey(this.me, this.sessionId)) ?? "";
  }

  set draft(text) {
    keep(draftKey(this.me, this.sessionId), text);
  }

  /** Oldest first. */
  get messages() {
    this.#ordered ??= [...this.#messages.values()].sort((a, b) => a.seq - b.seq);
    return this.#ordered;
  }

  get activeAt() {
    return this.last?.sentAt ?? this.createdAt;
  }

  /** @param {ChatMessage} message */
  isMine(message) {
    return message.senderEmail === this.me;
  }

  /**
   * The newest page.
   * @param {ChatMessage[]} page
   * @param {number} limit
   */
  load(page, limit) {
    this.loaded = true;
    this.unreadWhenOpened = this.unread;
    this.#lastWhenOpened = page.at(-1)?.seq ?? 0;
    this.#startAt(page, limit);
    this.heldTo = Math.max(this.heldTo, this.#lastWhenOpened);
    this.#merge(page);
  }

  /**
   * The page before `heldFrom`.
   * @param {ChatMessage[]} page
   * @param {number} limit
   */
  loadOlder(page, limit) {
    this.#startAt(page, limit);
    this.#merge(page);
  }

  /** The first seq from which there is no hole, 0 while nothing is known. */
  get heldFrom() {
    return this.#heldFrom;
  }

  /**
   * @param {ChatMessage[]} page
   * @param {number} limit
   */
  #startAt(page, limit) {
    this.hasOlder = page.length === limit && page[0].seq > 1;
    if (page.length) this.#heldFrom = page[0].seq;
  }

  /** From the topic, which has no holes. @param {ChatMessage} message */
  fromTopic(message) {
    this.heldTo = Math.max(this.heldTo, message.seq);
    this.receive(message);
  }

  /**
   * From wherever: a repeat changes nothing. Returns whether it is news to me from my peer.
   * @param {ChatMessage} message
   */
  receive(message) {
    const isNews = message.seq > this.lastSeq && !this.isMine(message);
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (isNews) this.unread += 1;
    if (message.seq === this.heldTo + 1 && this.loaded) this.heldTo = message.seq;
    if (!this.isMine(message)) this.#markMine(message.seq, { delivered: true }); // who answers has what was before
    const fits = this.loaded && (message.seq >= this.#heldFrom || !this.hasOlder); // else it would leave a hole
    this.#merge(fits ? [message] : [], message);
    return isNews;
  }

  /** What is known here, as the store has it now. @param {ChatMessage[]} messages */
  mark(messages) {
    this.#merge(messages.filter((message) => this.#messages.has(message.clientMessageId)));
  }

  /**
   * @param {number} after
   * @param {number} count
   */
  resumed(after, count) {
    this.resumes.set(after, count);
    this.emit("changed");
  }

  /** My peer has seen everything up to there. @param {number} upToSeq */
  seenByPeer(upToSeq) {
    this.#markMine(upToSeq, { delivered: true, seen: true });
    this.emit("changed");
  }

  /** I have. @param {number} upToSeq */
  seenByMe(upToSeq) {
    this.seenTo = Math.max(this.seenTo, upToSeq);
    if (this.#sawAll()) this.unread = 0;
    this.emit("changed");
  }

  /** The last message of my peer. */
  get lastOfPeer() {
    return this.messages.findLast((message) => !this.isMine(message));
  }

  /** The seq of the first known message that was unread when the conversation was opened; undefined without one. */
  get firstUnread() {
    const count = this.unreadWhenOpened;
    const theirs = count ? this.#theirsWhenOpened : [];
    return (theirs.at(-count) ?? theirs[0])?.seq;
  }

  /** Whether no older message can have been unread. */
  get knowsFirstUnread() {
    return this.#theirsWhenOpened.length >= this.unreadWhenOpened;
  }

  get firstUndelivered() {
    return this.messages.find((message) => this.isMine(message) && !message.delivered);
  }

  get #theirsWhenOpened() {
    const isUnread = (/** @type {ChatMessage} */ { seq, deleted }) => seq <= this.#lastWhenOpened && !deleted;
    return this.messages.filter((message) => !this.isMine(message) && isUnread(message));
  }

  #sawAll() {
    return (this.lastOfPeer?.seq ?? 0) <= this.seenTo;
  }

  /** @param {ChatMessage} message */
  #noteLast(message) {
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (!this.last || message.seq >= this.last.seq) this.last = this.#messages.get(message.clientMessageId) ?? message;
  }

  /**
   * @param {number} upToSeq
   * @param {{ delivered?: boolean, seen?: boolean }} marks
   */
  #markMine(upToSeq, marks) {
    for (const message of this.#messages.values()) {
      if (this.isMine(message) && message.seq <= upToSeq) Object.assign(message, marks);
    }
    if (this.last && this.isMine(this.last) && this.last.seq <= upToSeq) Object.assign(this.last, marks);
  }

  /**
   * @param {ChatMessage[]} messages
   * @param {ChatMessage | undefined} [last]
   */
  #merge(messages, last = messages.at(-1)) {
    for (const message of messages) {
      const known = this.#messages.get(message.clientMessageId);
      // marks are only ever set, and an older copy of a message may come after a newer one
      const marks = { delivered: message.delivered || !!known?.delivered, seen: message.seen || !!known?.seen };
      const whole = { ...message, ...marks };
      this.#messages.set(message.clientMessageId, whole);
    }
    if (last) this.#noteLast(last);
    this.#ordered = null;
    this.emit("changed");
  }
}
