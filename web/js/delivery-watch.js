const WAITS = [300, 1_000, 3_000, 10_000, 30_000];
const PAGE = 200;

/**
 * The service tells a sender what was stored and what was seen; what was delivered is written in the history.
 * Looks it up for the open conversation, ever more seldom while nothing changes.
 */
export class DeliveryWatch {
  #rest;
  /** @type {number | undefined} */
  #timer;
  #tries = 0;
  /** @type {Conversation | null} */
  #conversation = null;

  /** @param {RestApi} rest */
  constructor(rest) {
    this.#rest = rest;
  }

  /**
   * From now on this one, or none; also to say that something has changed.
   * @param {Conversation | null} conversation
   */
  watch(conversation) {
    clearTimeout(this.#timer);
    this.#conversation = conversation;
    this.#tries = 0;
    this.#schedule();
  }

  #schedule() {
    if (!this.#conversation?.firstUndelivered) return;
    const wait = WAITS[Math.min(this.#tries++, WAITS.length - 1)];
    const conversation = this.#conversation;
    this.#timer = setTimeout(() => this.#look(conversation), wait);
  }

  /** @param {Conversation} conversation */
  async #look(conversation) {
    const first = conversation.firstUndelivered;
    if (first && !document.hidden) {
      const page = await this.#rest
        .history(conversation.sessionId, { after: first.seq - 1, limit: PAGE })
        .catch(() => []);
      conversation.refresh(page);
    }
    if (conversation === this.#conversation) this.#schedule();
  }
}
