import { asProblem } from "./problem.js";

/** Keeps the unread counts of conversations equal to those of the service, so that all windows show the same. */
export class UnreadCounts {
  #conversations;
  #rest;
  /** @type {Promise<void> | null} */
  #reading = null;
  #isOld = false; // what is read just now may be older than what an event told

  /**
   * @param {Conversations} conversations
   * @param {RestApi} rest
   */
  constructor(conversations, rest) {
    this.#conversations = conversations;
    this.#rest = rest;
  }

  /** An event tells the sum alone. @param {{ total: number }} event */
  told({ total }) {
    if (this.#reading) this.#isOld = true;
    else if (total !== this.#conversations.unread) this.read();
  }

  read() {
    this.#reading ??= this.#read()
      .catch((error) => this.#conversations.emit("notice", asProblem(error).message))
      .finally(() => (this.#reading = null));
  }

  async #read() {
    do {
      this.#isOld = false;
      this.#conversations.count(await this.#rest.unreadCounts());
    } while (this.#isOld);
  }
}
