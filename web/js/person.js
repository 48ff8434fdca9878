import { Connection } from "./connection.js";
import { Conversations } from "./conversations.js";
import { draftKey } from "./draft.js";
import { DraftSync } from "./draft-sync.js";
import { Emitter } from "./emitter.js";
import { EventLog } from "./event-log.js";
import { Live } from "./live.js";
import { MessageCommands } from "./message-commands.js";
import { Presence } from "./presence.js";
import { asProblem } from "./problem.js";
import { RestApi } from "./rest-api.js";
import { Settings } from "./settings.js";
import { forgetAll } from "./storage.js";
import { Typing } from "./typing.js";
import { Unsent } from "./unsent.js";

const PAGE = 50;

/**
 * One person who is signed in: the connection, the conversations, and what goes between. Emits
 * - `conversations`: the list, or something in it, has changed;
 * - `opened`: another conversation is open, or none;
 * - `incoming`: `{ conversation, message }`, news from somebody;
 * - `notice`: one sentence for the person.
 */
export class Person extends Emitter {
  log = new EventLog();
  /** @type {Conversation | null} */
  open = null;
  hasNamesake = false;

  #rest;
  #live;
  /** @type {(() => void)[]} */
  #off = [];

  /**
   * @param {Identity} identity
   * @param {{ transport?: string | null }} options
   */
  constructor(identity, options) {
    super();
    this.identity = identity;
    this.email = identity.email;
    this.#rest = new RestApi(identity, this.log);
    this.connection = new Connection(identity, this.log, options);
    this.conversations = new Conversations(this.email, this.#rest);
    this.unsent = new Unsent(this.connection, this.email);
    this.drafts = new DraftSync(this.#rest, () => this.has("settings"));
    this.settings = new Settings(this.#rest);
    this.commands = new MessageCommands(this.#rest, () => this.has("events"));
    this.presence = new Presence(this.connection, this.conversations);
    this.typing = new Typing(this.connection);
    this.#live = new Live(this, this.#rest);
    this.#follow();
  }

  /** For people to read; the e-mail where somebody else on the page has the same one. */
  get name() {
    if (this.hasNamesake) return this.email;
    return this.email
      .split("@")[0]
      .replaceAll(/[._-]+/g, " ")
      .replace(/(^|\s)\S/g, (letter) => letter.toUpperCase());
  }

  get unread() {
    return this.conversations.unread;
  }

  /** Whether the service has switched this on. @param {string} feature */
  has(feature) {
    return this.connection.features.has(feature);
  }

  start() {
    this.connection.open();
  }

  stop() {
    this.#off.forEach((off) => off());
    this.unsent.stop();
    this.#live.stop();
    this.drafts.stop();
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
    if (!this.conversations.get(sessionId)) await this.conversations.refresh();
    if (!this.conversations.get(sessionId)) {
      const peer = { profileId: "", email, displayName: email.split("@")[0] };
      this.conversations.begun({ sessionId, intent, peer });
    }
    await this.show(sessionId);
  }

  /** Makes this the open conversation, or none. @param {string | null} sessionId */
  async show(sessionId) {
    this.open = (sessionId && this.conversations.get(sessionId)) || null;
    this.open?.reopen();
    if (!this.open?.loaded) this.#live.follow();
    this.emit("opened", this.open);
    const conversation = this.open;
    if (!conversation) return;
    await this.#load(conversation);
    if (conversation === this.open) this.#live.follow();
  }

  /** @param {Conversation} conversation */
  async loadOlder(conversation) {
    const { sessionId, heldFrom: before } = conversation;
    if (before) conversation.loadOlder(await this.#rest.history(sessionId, { before, limit: PAGE }), PAGE);
  }

  /**
   * @param {Conversation} conversation
   * @param {string} content
   * @param {number} [replyTo] the seq of the message that it answers
   */
  send(conversation, content, replyTo) {
    this.typing.sent();
    this.unsent.add(conversation.sessionId, conversation.intent, content, replyTo);
  }

  /** The open conversation was seen up to its last message. @param {Conversation} conversation */
  saw(conversation) {
    const last = conversation.lastOfPeer;
    if (!last || last.seq <= conversation.seenTo || !this.connection.connected) return;
    const { sessionId, intent } = conversation;
    if (!last.seen || conversation.unread) {
      this.connection.send("/app/chat.seen", { sessionId, readerEmail: this.email, intent, upToSeq: last.seq });
    }
    conversation.seenByMe(last.seq);
    this.conversations.changed();
  }

  #follow() {
    this.conversations.on("changed", () => this.emit("conversations"));
    this.conversations.on("notice", (text) => this.emit("notice", text));
    this.unsent.on("changed", ({ sessionId }) => this.conversations.get(sessionId)?.emit("changed"));
    this.#listen(window, "online", () => this.connection.networkBack());
    this.#listen(window, "offline", () => this.connection.networkLost());
    this.#listen(document, "visibilitychange", () => this.#cameBack());
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

  #cameBack() {
    this.presence.look();
    if (document.hidden) return;
    if (this.connection.state.phase === "waiting") this.connection.open();
    this.#live.look();
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
