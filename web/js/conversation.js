import { Emitter } from "./emitter.js";
import { Messages } from "./messages.js";
import { Draft } from "./draft.js";
import { WhenOpened } from "./when-opened.js";

/**
 * One session as far as it is known here. Emits `changed`, and `draft` when another device has changed it.
 *
 * `heldTo` is the seq up to which there is no hole: a subscription of its topic resumes after it. An ack may bring a
 * later message before the ones in between, which is why this is not simply the last seq.
 */
export class Conversation extends Emitter {
  /** The newest message that is known, loaded or not. @type {ChatMessage | undefined} */
  last;
  lastSeq = 0;
  intent = "";
  createdAt = "";
  unread = 0;
  pinned = false;
  archived = false;
  /** @type {string | null} */
  mutedUntil = null;
  /** @type {Peer} */
  peer = { profileId: "", email: "", displayName: "" };
  /** When the service told of it last, as performance.now() has it. */
  toldAt = 0;
  #messages = new Messages((message) => this.isMine(message));
  whenOpened = new WhenOpened(this);
  #isCounted = false;
  #heardTo = 0; // what comes after it is news

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
    this.resumes = new Map(); // after which seq a lost connection went on, and how many messages came then
    this.draft = new Draft(me, this.sessionId);
    this.summarize(summary);
    this.#heardTo = summary.lastSeq - summary.unreadCount;
  }

  /** What the service says of the session as a whole. @param {SessionSummary} summary */
  summarize(summary) {
    const { intent, peer, lastMessage, unreadCount, lastSeq, createdAt, deliveredTo, seenTo } = summary;
    const { pinned = false, archived = false, mutedUntil = null, draft = "" } = summary;
    Object.assign(this, { pinned, archived, mutedUntil });
    if (this.draft.share(draft)) this.emit("draft");
    this.lastSeq = Math.max(lastSeq, this.lastSeq);
    // what was just seen may not have been when this was asked for; where the service tells counts, it corrects it
    const unread = !this.#isCounted && lastSeq <= this.heldTo && this.#sawAll() ? 0 : unreadCount;
    Object.assign(this, { intent, peer, createdAt, unread });
    this.#messages.mark({ deliveredTo, seenTo });
    if (lastMessage) this.#noteLast(lastMessage);
    this.emit("changed");
  }

  /** What I have changed of my side. @param {StateChange} change */
  setState({ draft: _, ...change }) {
    Object.assign(this, change);
    this.emit("changed");
  }

  get muted() {
    return this.mutedUntil !== null && Date.parse(this.mutedUntil) > Date.now();
  }

  /** Oldest first. */
  get messages() {
    return this.#messages.shown;
  }

  /** @param {number} seq */
  withSeq(seq) {
    return this.#messages.withSeq(seq);
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
    const lastSeq = page.at(-1)?.seq ?? 0;
    this.whenOpened.note(this.unread, lastSeq);
    this.#heardTo = Math.max(this.#heardTo, lastSeq);
    this.heldTo = Math.max(this.heldTo, lastSeq);
    this.loadOlder(page, limit);
  }

  /**
   * The page before `heldFrom`.
   * @param {ChatMessage[]} page
   * @param {number} limit
   */
  loadOlder(page, limit) {
    this.hasOlder = page.length === limit && page[0].seq > 1;
    this.#messages.from = this.hasOlder ? page[0].seq : 0;
    this.#merge(page);
  }

  /** The first seq from which there is no hole, 0 while nothing is known. */
  get heldFrom() {
    return this.messages[0]?.seq ?? 0;
  }

  /** From the topic, which has no holes. @param {ChatMessage} message */
  fromTopic(message) {
    this.heldTo = Math.max(this.heldTo, message.seq);
    return this.receive(message);
  }

  /**
   * From wherever: a repeat changes nothing. Returns whether it is news to me from my peer.
   * @param {ChatMessage} message
   */
  receive(message) {
    const isTheirs = !this.isMine(message);
    const isNews = isTheirs && message.seq > this.#heardTo;
    if (isTheirs && message.seq > this.lastSeq) this.unread += 1; // else the service has counted it
    if (message.seq > this.lastSeq && !this.muted) this.archived = false;
    this.#heardTo = Math.max(this.#heardTo, message.seq);
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (message.seq === this.heldTo + 1 && this.loaded) this.heldTo = message.seq;
    if (isNews) this.#messages.mark({ deliveredTo: message.seq }); // who answers has what was before
    this.#merge([message]);
    return isNews;
  }

  /** What is known here, as the store has it now. @param {ChatMessage[]} messages */
  refresh(messages) {
    this.#merge(messages.filter(({ seq }) => this.#messages.withSeq(seq)));
  }

  /** Nothing of it is sure any more: it is to be loaded again. */
  forget() {
    this.loaded = false;
    this.hasOlder = false;
    this.heldTo = this.lastSeq = this.seenTo = 0;
    this.last = undefined;
    this.#messages.forget();
    this.emit("changed");
  }

  /**
   * @param {number} after
   * @param {number} count
   */
  resumed(after, count) {
    this.resumes.set(after, count);
    this.emit("changed");
  }

  /** My peer has got so far. @param {{ deliveredTo?: number, seenTo?: number }} marks */
  markedByPeer(marks) {
    this.#messages.mark(marks);
    if (this.last) this.last = this.#messages.present(this.last);
    this.emit("changed");
  }

  /** I have. @param {number} upToSeq */
  seenByMe(upToSeq) {
    this.seenTo = Math.max(this.seenTo, upToSeq);
    if (this.#sawAll()) this.unread = 0;
    this.emit("changed");
  }

  /** As the service counts. @param {number} unread */
  count(unread) {
    this.#isCounted = true;
    this.unread = unread;
    this.emit("changed");
  }

  /** One has come back to what one had marked as unread. */
  reopen() {
    if (this.unread) this.seenTo = 0;
    this.whenOpened.note(this.unread, this.lastSeq);
  }

  /** The last message of my peer. */
  get lastOfPeer() {
    return this.messages.findLast((message) => !this.isMine(message));
  }

  get firstUndelivered() {
    return this.messages.find((message) => this.isMine(message) && !message.delivered);
  }

  #sawAll() {
    const last = this.loaded ? this.lastOfPeer?.seq : this.lastSeq;
    return (last ?? 0) <= this.seenTo;
  }

  /** @param {ChatMessage} message */
  #noteLast(message) {
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (!this.last || message.seq >= this.last.seq) this.last = this.#messages.present(message);
  }

  /** @param {ChatMessage[]} messages */
  #merge(messages) {
    this.#messages.take(messages);
    const last = messages.at(-1);
    if (last) this.#noteLast(last);
    this.emit("changed");
  }
}
