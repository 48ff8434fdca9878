/** What one does to messages that are stored. Each call throws a Problem when it is refused. */
export class MessageCommands {
  #rest;
  #isTold;

  /**
   * @param {RestApi} rest
   * @param {() => boolean} isTold whether an event tells of each change
   */
  constructor(rest, isTold) {
    this.#rest = rest;
    this.#isTold = isTold;
  }

  /**
   * @param {Conversation} conversation
   * @param {ChatMessage} message as it was when one began to edit it
   * @param {string} content
   */
  async edit(conversation, message, content) {
    conversation.refresh([await this.#rest.edit(message, content)]);
  }

  /**
   * @param {Conversation} conversation
   * @param {ChatMessage} message
   * @param {"everyone" | "me"} whom
   */
  async delete(conversation, message, whom) {
    await this.#rest.delete(message, whom);
    await this.#reread(conversation, message);
  }

  /**
   * @param {Conversation} conversation
   * @param {ChatMessage} message
   * @param {string | null} emoji null takes mine away
   */
  async react(conversation, message, emoji) {
    await this.#rest.react(message, emoji);
    await this.#reread(conversation, message);
  }

  /**
   * One's own side of a conversation.
   * @param {Conversation} conversation
   * @param {StateChange} change
   */
  async setState(conversation, change) {
    await this.#rest.setState(conversation.sessionId, change);
    conversation.setState(change);
  }

  /**
   * From this message on, for oneself.
   * @param {ChatMessage} message
   */
  async markUnread(message) {
    await this.#rest.markUnread(message);
  }

  /**
   * @param {Conversation} conversation
   * @param {ChatMessage} message
   */
  async #reread(conversation, { sessionId, seq }) {
    if (this.#isTold()) return;
    conversation.refresh(await this.#rest.history(sessionId, { after: seq - 1, limit: 1 }));
  }
}
