/**
 * The messages of one session, each in its greatest version, with the marks of one's own. What is before `from` is
 * kept and not shown: there may be a hole in between.
 */
export class Messages {
  /** By clientMessageId. @type {Map<string, ChatMessage>} */
  #known = new Map();
  /** @type {Map<number, ChatMessage>} */
  #bySeq = new Map();
  /** @type {ChatMessage[] | null} */
  #shown = null;
  #from = Infinity;
  #deliveredTo = 0;
  #seenTo = 0;
  #isMine;

  /** @param {(message: ChatMessage) => boolean} isMine */
  constructor(isMine) {
    this.#isMine = isMine;
  }

  /** Oldest first. */
  get shown() {
    this.#shown ??= [...this.#known.values()].filter(({ seq }) => seq >= this.#from).sort((a, b) => a.seq - b.seq);
    return this.#shown;
  }

  /** The first seq from which there is no hole. */
  get from() {
    return this.#from;
  }

  set from(seq) {
    this.#from = seq;
    this.#shown = null;
  }

  /** @param {number} seq */
  withSeq(seq) {
    return this.#bySeq.get(seq);
  }

  /** The present form of a message, which `told` may be older than. @param {ChatMessage} told */
  present(told) {
    const known = this.#known.get(told.clientMessageId);
    return known && known.version >= told.version ? known : this.#marked(told);
  }

  /** What has a smaller version is older, and changes nothing but marks. @param {ChatMessage[]} told */
  take(told) {
    for (const message of told) {
      const known = this.#known.get(message.clientMessageId);
      const newer = known && known.version > message.version ? known : message;
      const marks = {
        delivered: message.delivered || !!known?.delivered, // marks are only ever set
        seen: message.seen || !!known?.seen,
      };
      const whole = this.#marked({ ...newer, ...marks });
      this.#known.set(message.clientMessageId, whole);
      this.#bySeq.set(message.seq, whole);
    }
    this.#shown = null;
  }

  /**
   * How far my peer has got.
   * @param {{ deliveredTo?: number, seenTo?: number }} marks
   */
  mark({ deliveredTo = 0, seenTo = 0 }) {
    this.#seenTo = Math.max(this.#seenTo, seenTo);
    this.#deliveredTo = Math.max(this.#deliveredTo, deliveredTo, seenTo);
    for (const message of this.#known.values()) Object.assign(message, this.#marked(message));
  }

  /** After which nothing is known. */
  forget() {
    this.#known.clear();
    this.#bySeq.clear();
    this.from = Infinity;
  }

  /** @param {ChatMessage} message */
  #marked(message) {
    if (!this.#isMine(message)) return message;
    const delivered = message.delivered || message.seq <= this.#deliveredTo;
    return { ...message, delivered, seen: message.seen || message.seq <= this.#seenTo };
  }
}
