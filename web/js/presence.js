import { Emitter } from "./emitter.js";
import { soon } from "./dom.js";

const WATCHED = 100; // sessions that the service lets one watch

/** Which of one's peers are there, and telling them that one is away while the page is not looked at. */
export class Presence extends Emitter {
  /** By profileId. @type {Map<string, PresenceOf>} */
  #states = new Map();
  #connection;
  #conversations;
  #watched = ""; // what this connection was told to watch
  #isReady = false;

  /**
   * @param {Connection} connection
   * @param {Conversations} conversations
   */
  constructor(connection, conversations) {
    super();
    this.#connection = connection;
    this.#conversations = conversations;
    connection.on("lost", () => this.#lost());
    conversations.on(
      "changed",
      soon(() => this.#watch()),
    );
  }

  /** @param {string} profileId */
  of(profileId) {
    return this.#states.get(profileId);
  }

  /** When the connection gives events. */
  start() {
    this.#isReady = this.#connection.features.has("presence");
    this.#watched = "";
    if (document.hidden) this.look();
    this.#watch();
  }

  /** Whether somebody looks at the page has changed. */
  look() {
    if (this.#isReady) this.#connection.send("/app/chat.presence", { state: document.hidden ? "away" : "online" });
  }

  /** @param {PresenceOf} told */
  told(told) {
    this.#states.set(told.profileId, told);
    this.emit("changed");
  }

  #watch() {
    if (!this.#isReady) return;
    const sessionIds = this.#conversations.list.slice(0, WATCHED).map(({ sessionId }) => sessionId);
    const wanted = [...sessionIds].sort().join();
    if (wanted === this.#watched) return;
    this.#watched = wanted;
    this.#connection.send("/app/chat.watch", { sessionIds });
  }

  #lost() {
    this.#isReady = false;
    this.#states.clear();
    this.emit("changed");
  }
}
