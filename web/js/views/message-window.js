const SIZE = 200; // messages on the page at once
const STEP = 50; // how many more come into view at either end

/**
 * Which of a conversation's messages are on the page: the newest ones, or those around the place that one reads.
 * Messages outside it stay in memory, so a long history costs the browser no layout.
 */
export class MessageWindow {
  #first = 0; // seq of the first message, 0 for the oldest that is known
  #last = Infinity; // seq of the last one, Infinity while the window follows the newest

  /** Whether new messages come into view. */
  get atNewest() {
    return this.#last === Infinity;
  }

  /** The part of `messages` (oldest first) that is shown. @param {ChatMessage[]} messages */
  of(messages) {
    const [first, end] = this.#bounds(messages);
    let start = first;
    if (end - start > SIZE) {
      start = end - SIZE;
      this.#first = messages[start].seq;
    }
    return messages.slice(start, end);
  }

  /** Moves up by a step. Returns false when there is nothing older in memory. @param {ChatMessage[]} messages */
  up(messages) {
    const [start, end] = this.#bounds(messages);
    if (start === 0) return false;
    const first = Math.max(0, start - STEP);
    this.#first = messages[first].seq;
    if (end - first > SIZE) this.#last = messages[first + SIZE - 1].seq;
    return true;
  }

  /** Moves down by a step. Returns false when it shows the newest already. @param {ChatMessage[]} messages */
  down(messages) {
    if (this.atNewest) return false;
    const end = Math.min(messages.length, this.#bounds(messages)[1] + STEP);
    this.#last = end === messages.length ? Infinity : messages[end - 1].seq;
    this.#first = messages[Math.max(0, end - SIZE)].seq;
    return true;
  }

  /** Shows the newest again. */
  toNewest() {
    this.#last = Infinity;
  }

  /**
   * Shows the message with this seq and those around it.
   * @param {ChatMessage[]} messages
   * @param {number} seq
   */
  around(messages, seq) {
    const at = messages.findIndex((message) => message.seq >= seq);
    if (at < 0) return;
    const start = Math.max(0, at - SIZE / 2);
    const end = Math.min(messages.length, start + SIZE);
    this.#first = messages[start].seq;
    this.#last = end === messages.length ? Infinity : messages[end - 1].seq;
  }

  /**
   * @param {ChatMessage[]} messages
   * @returns {[number, number]} first and behind the last
   */
  #bounds(messages) {
    const start = messages.findIndex(({ seq }) => seq >= this.#first);
    const after = this.atNewest ? -1 : messages.findIndex(({ seq }) => seq > this.#last);
    return [Math.max(0, start), after < 0 ? messages.length : after];
  }
}
