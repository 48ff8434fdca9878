import { Connection } from "./connection.js";
import { Conversation, draftKey } from "./conversation.js";
import { DeliveryWatch } from "./delivery-watch.js";
import { Emitter } from "./emitter.js";
import { EventLog } from "./event-log.js";
import { Problem, asProblem } from "./problem.js";
import { RestApi } from "./rest-api.js";
import { forgetAll } from "./storage.js";
import { Unsent } from "./unsent.js";

const PAGE = 50;
const REFRESH_AFTER = 150;

/**
 * One person who is signed in: the connection, the conversations, and what goes between. Emits
 * - `conversations`: the list, or something in it, has changed;
 * - `opened`: another conversation is open, or none;
 * - `incoming`: `{ conversation, message }`, news from somebody;
 * - `notice`: one sentence for the person.
 */
export class Person extends Emitter {
  log = new EventLog();
  /** By sessionId. @type {Map<string, Conversation>} */
  conversations = new Map();
  /** @type {Conversation | null} */
  open = null;
  loaded = false;
  hasNamesake = false;

  #rest;
  #watch;
  /** @type {number | undefined} */
  #refreshing;
  #leaveTopic = () => {};
  /** @type {(() => void)[]} */
  #off = [];
  /** @type {string | null} */
  #nextCursor = null;

  /**
   * @param {Identity} identity
   * @param {{ transport?: string | null }} options
   */
  constructor(identity, options) {
    super();
    this.identity = identity;
    this.email = identity.email;
    this.#rest = new RestApi(identity, this.log);
    this.#watch = new DeliveryWatch(this.#rest);
    this.connection = new Connection(identity, this.log, options);
    this.unsent = new Unsent(this.connection, this.email);
    this.connection.on("connected", () => this.#connected());
    this.unsent.on("changed", ({ sessionId }) => this.conversations.get(sessionId)?.emit("changed"));
    this.#listen(window, "online", () => this.connection.networkBack());
    this.#listen(window, "offline", () => this.connection.networkLost());
    this.#listen(document, "visibilitychange", () => this.#cameBack());
  }

  /** For people to read; the e-mail where somebody else on the page has the same one. */
  get name() {
    if (this.hasNamesake) return this.email;
    return this.email
      .split("@")[0]
      .replaceAll(/[._-]+/g, " ")
      .replace(/(^|\s)\S/g, (letter) => letter.toUpperCase());
  }

  /** The newest activity first. */
  get list() {
    return [...this.conversations.values()].sort((a, b) => b.activeAt.localeCompare(a.activeAt));
  }

  get unread() {
    return this.list.reduce((sum, conversation) => sum + conversation.unread, 0);
  }

  get hasMore() {
    return this.#nextCursor !== null;
  }

  start() {
    this.connection.open();
  }

  stop() {
    this.#off.forEach((off) => off());
    this.unsent.stop();
    this.#watch.watch(null);
    this.connection.cut();
  }

  /** Removes what this browser keeps of the person: what is not sent yet, and drafts. */
  forget() {
    this.unsent.forget();
    forgetAll(draftKey(this.email));
  }

  /**
   * Opens the session with somebody, or finds it. Throws a Problem.
   * @param {string} email
   * @param {string} intent
   */
  async chatWith(email, intent) {
    const sessionId = await this.#rest.openSession(email, intent);
    if (!this.conversations.has(sessionId)) await this.refresh();
    if (!this.conversations.has(sessionId)) {
      const peer = { email, displayName: email.split("@")[0] };
      this.#put({
        sessionId,
        intent,
        peer,
        lastMessage: null,
        unreadCount: 0,
        lastSeq: 0,
        createdAt: new Date().toISOString(),
      });
    }
    await this.show(sessionId);
  }

  /** Makes this the open conversation, or none. @param {string | null} sessionId */
  async show(sessionId) {
    this.#leaveTopic();
    this.#leaveTopic = () => {};
    this.open = (sessionId && this.conversations.get(sessionId)) || null;
    this.emit("opened", this.open);
    const conversation = this.open;
    if (!conversation) return this.#watch.watch(null);
    await this.#load(conversation);
    if (conversation !== this.open || !conversation.loaded) return;
    this.#join(conversation);
    this.#watch.watch(conversation);
  }

  /** @param {Conversation} conversation */
  async loadOlder(conversation) {
    const { sessionId, heldFrom: before } = conversation;
    if (before) conversation.loadOlder(await this.#rest.history(sessionId, { before, limit: PAGE }), PAGE);
  }

  /**
   * @param {Conversation} conversation
   * @param {string} content
   */
  send(conversation, content) {
    this.unsent.add(conversation.sessionId, conversation.intent, content);
  }

  /** The open conversation was seen up to its last message. @param {Conversation} conversation */
  saw(conversation) {
    const last = conversation.lastOfPeer;
    if (!last || last.seq <= conversation.seenTo || !this.connection.connected) return;
    const { sessionId, intent } = conversation;
    if (!last.seen) {
      this.connection.send("/app/chat.seen", { sessionId, readerEmail: this.email, intent, upToSeq: last.seq });
    }
    conversation.seenByMe(last.seq);
    this.emit("conversations");
  }

  /** The list as the service has it. Throws a Problem. */
  async refresh() {
    const { sessions, nextCursor } = await this.#rest.sessions({ limit: PAGE });
    this.#nextCursor = nextCursor;
    for (const summary of sessions) this.#put(summary);
    this.loaded = true;
    this.emit("conversations");
  }

  async loadMore() {
    const { sessions, nextCursor } = await this.#rest.sessions({ limit: PAGE, cursor: this.#nextCursor });
    this.#nextCursor = nextCursor;
    for (const summary of sessions) this.#put(summary);
    this.emit("conversations");
  }

  async #connected() {
    const { connection, open } = this;
    const from = open?.heldTo;
    connection.subscribe("/user/queue/ack", (message) => this.#acked(message), { id: "ack" });
    connection.subscribe("/user/queue/receipts", (receipt) => this.#seen(receipt), { id: "receipts" });
    connection.subscribe("/user/queue/error", (problem) => this.#refused(problem), { id: "error" });
    const undelivered = { id: "messages", replay: "undelivered" };
    connection.subscribe("/user/queue/messages", (message) => this.#received(message), undelivered);
    if (open?.loaded) this.#join(open);
    await this.#tryRefresh();
    if (this.open && !this.open.loaded && !this.open.loading) this.show(this.open.sessionId);
    if (open?.loaded && from !== undefined) open.resumed(from, open.lastSeq - from);
  }

  /** Follows the topic of a session from where its history ends. @param {Conversation} conversation */
  #join(conversation) {
    if (!this.connection.connected) return;
    this.#leaveTopic();
    this.#leaveTopic = this.connection.subscribe(
      `/topic/session.${conversation.sessionId}`,
      (message) => this.#onTopic(conversation, message),
      { id: `session-${conversation.sessionId.slice(-8)}`, "resume-after": String(conversation.heldTo) },
    );
  }

  /**
   * @param {Conversation} conversation
   * @param {ChatMessage} message
   */
  #onTopic(conversation, message) {
    conversation.fromTopic(message);
    this.unsent.acked(message.clientMessageId);
    this.#changed(conversation);
  }

  /** @param {ChatMessage} message */
  #acked(message) {
    this.unsent.acked(message.clientMessageId);
    const conversation = this.conversations.get(message.sessionId);
    if (!conversation) return this.#refreshSoon();
    conversation.receive(message);
    this.#changed(conversation);
  }

  /** @param {ChatMessage} message */
  #received(message) {
    const conversation = this.conversations.get(message.sessionId);
    if (!conversation) {
      this.emit("incoming", { message });
      return this.#refreshSoon();
    }
    const known = message.seq <= conversation.lastSeq;
    conversation.receive(message);
    if (!known) this.emit("incoming", { conversation, message });
    this.#changed(conversation);
  }

  /** @param {{ sessionId: string, upToSeq: number }} receipt */
  #seen({ sessionId, upToSeq }) {
    const conversation = this.conversations.get(sessionId);
    conversation?.seenByPeer(upToSeq);
    this.emit("conversations");
  }

  /** @param {ProblemDocument} document */
  #refused(document) {
    const problem = new Problem(document);
    this.unsent.refused(problem);
    if (!problem.clientMessageId) this.emit("notice", problem.message);
  }

  /** @param {Conversation} conversation */
  #changed(conversation) {
    if (conversation === this.open) this.#watch.watch(conversation);
    this.emit("conversations");
  }

  /** @param {Conversation} conversation */
  async #load(conversation) {
    if (conversation.loaded || conversation.loading) return;
    conversation.loading = true;
    try {
      conversation.load(await this.#rest.history(conversation.sessionId, { limit: PAGE }), PAGE);
    } catch (problem) {
      this.emit("notice", asProblem(problem).message);
    } finally {
      conversation.loading = false;
    }
  }

  /** @param {SessionSummary} summary */
  #put(summary) {
    const known = this.conversations.get(summary.sessionId);
    if (known) known.summarize(summary);
    else this.conversations.set(summary.sessionId, new Conversation(this.email, summary));
  }

  #refreshSoon() {
    clearTimeout(this.#refreshing);
    this.#refreshing = setTimeout(() => this.#tryRefresh(), REFRESH_AFTER);
  }

  async #tryRefresh() {
    await this.refresh().catch((problem) => this.emit("notice", problem.message));
  }

  #cameBack() {
    if (document.hidden) return;
    if (this.connection.state.phase === "waiting") this.connection.open();
    if (this.connection.connected) this.#refreshSoon(); // what was seen in another window is told to nobody
    if (this.open) this.#watch.watch(this.open);
  }

  /**
   * @param {EventTarget} target
   * @param {string} name
   * @param {() => void} listener
   */
  #listen(target, name, listener) {
    target.addEventListener(name, listener);
    this.#off.push(() => target.removeEventListener(name, listener));
  }
}
