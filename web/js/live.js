import { EventFeed } from "./event-feed.js";
import { Inbox } from "./inbox.js";
import { QueueFeed } from "./queue-feed.js";
import { UnreadCounts } from "./unread-counts.js";

/** Keeps one person up to date: by events where the service has them, else by queues and a topic. */
export class Live {
  #person;
  #inbox;
  #events;
  #queues;
  #counts;
  #wasLost = false;
  #tellResumed = () => {};

  /**
   * @param {Person} person
   * @param {RestApi} rest
   */
  constructor(person, rest) {
    const { connection, conversations } = person;
    this.#person = person;
    this.#inbox = new Inbox(person);
    this.#events = new EventFeed(connection, this.#inbox, conversations);
    this.#queues = new QueueFeed(connection, this.#inbox, rest);
    this.#counts = new UnreadCounts(conversations, rest);
    connection.on("connected", () => this.#connected());
    connection.on("lost", () => (this.#wasLost = true));
    this.#events.on("presence", (event) => person.presence.told(event));
    this.#events.on("typing", (event) => person.typing.told(event));
    this.#events.on("unread", (event) => this.#counts.told(event));
    this.#events.on("ready", ({ resumed }) => this.#ready(resumed));
  }

  /** Another conversation is open and loaded, or none is. Events need to know nothing of it. */
  follow() {
    const { open } = this.#person;
    this.#queues.follow(this.#person.has("events") || !open?.loaded ? null : open);
  }

  /** After the page was hidden. */
  look() {
    if (this.#person.has("events") || !this.#person.connection.connected) return;
    this.#person.conversations.refreshSoon(); // what was seen in another window is told to nobody
    this.#queues.look(this.#person.open);
  }

  stop() {
    this.#queues.stop();
  }

  #connected() {
    const { connection } = this.#person;
    connection.subscribe("/user/queue/error", (problem) => this.#inbox.refused(problem), { id: "error" });
    this.#noteResume();
    if (this.#person.has("events")) {
      this.#events.start();
      if (!this.#events.resumes) this.#queues.catchUp(); // events without a token begin with what is new
    } else {
      this.#queues.start();
      this.follow();
      this.#begin();
    }
  }

  /** @param {boolean} resumed whether what was missed has come */
  #ready(resumed) {
    this.#person.presence.start();
    if (resumed) {
      this.#tellResumed();
      this.#queues.look(this.#person.open); // what was delivered meanwhile is told only with other changes
    } else {
      this.#begin();
    }
  }

  /** Reads what subscriptions do not bring. */
  async #begin() {
    const person = this.#person;
    await person.conversations.tryRefresh();
    if (person.has("unread")) this.#counts.read();
    if (person.open && !person.open.loaded && !person.open.loading) person.show(person.open.sessionId);
    this.#tellResumed();
  }

  /** Before anything has come on a new connection. */
  #noteResume() {
    const { open } = this.#person;
    const from = open?.lastSeq ?? 0;
    const isResume = this.#wasLost && open?.loaded;
    this.#tellResumed = () => {
      this.#tellResumed = () => {};
      if (isResume) open.resumed(from, open.lastSeq - from);
    };
  }
}
