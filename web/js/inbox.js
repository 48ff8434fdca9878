import { Problem } from "./problem.js";

/** Puts what the service tells where it belongs, whichever way it came. */
export class Inbox {
  #person;
  /** The ids of messages in sessions that are not listed yet. @type {Set<string>} */
  #announced = new Set();

  /** @param {Person} person */
  constructor(person) {
    this.#person = person;
  }

  /**
   * A message, new or changed.
   * @param {ChatMessage} message
   * @param {{ onTopic?: boolean }} [way]
   */
  message(message, { onTopic = false } = {}) {
    const { conversations, unsent, email } = this.#person;
    unsent.acked(message.clientMessageId);
    const conversation = conversations.get(message.sessionId);
    if (!conversation) {
      const isNews = message.senderEmail !== email && !this.#announced.has(message.messageId);
      if (isNews) this.#person.emit("incoming", { message });
      this.#announced.add(message.messageId);
      return conversations.refreshSoon();
    }
    if (message.senderEmail !== email) this.#person.typing.ended(message.sessionId);
    const isNews = onTopic ? conversation.fromTopic(message) : conversation.receive(message);
    if (isNews && !message.deleted) this.#person.emit("incoming", { conversation, message });
    conversations.changed();
  }

  /**
   * How far somebody has got in a session: my peer, or I in another window.
   * @param {string} sessionId
   * @param {{ deliveredTo?: number, seenTo?: number }} marks
   * @param {{ byMe?: boolean }} [whose]
   */
  receipt(sessionId, marks, { byMe = false } = {}) {
    const { conversations } = this.#person;
    const conversation = conversations.get(sessionId);
    if (!byMe) conversation?.markedByPeer(marks);
    else if (marks.seenTo) conversation?.seenByMe(marks.seenTo);
    conversations.changed();
  }

  /** A SEND was refused. @param {ProblemDocument} document */
  refused(document) {
    const problem = new Problem(document);
    this.#person.unsent.refused(problem);
    if (!problem.clientMessageId) this.#person.emit("notice", problem.message);
  }
}
