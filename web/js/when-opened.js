/** Which messages were unread when a conversation was opened: where one goes on reading. */
export class WhenOpened {
  unread = 0;
  #lastSeq = 0;
  #conversation;

  /** @param {Conversation} conversation */
  constructor(conversation) {
    this.#conversation = conversation;
  }

  /**
   * @param {number} unread
   * @param {number} lastSeq
   */
  note(unread, lastSeq) {
    this.unread = unread;
    this.#lastSeq = lastSeq;
  }

  /** The seq of the first known message that was unread; undefined without one. */
  get firstUnread() {
    const theirs = this.unread ? this.#theirs : [];
    return (theirs.at(-this.unread) ?? theirs[0])?.seq;
  }

  /** Whether no older message can have been unread. */
  get knowsFirst() {
    return this.#theirs.length >= this.unread;
  }

  get #theirs() {
    const isUnread = (/** @type {ChatMessage} */ { seq, deleted }) => seq <= this.#lastSeq && !deleted;
    return this.#conversation.messages.filter((one) => !this.#conversation.isMine(one) && isUnread(one));
  }
}
