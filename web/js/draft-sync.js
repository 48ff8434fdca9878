const PAUSE = 1_000;

/** Gives the service what is written and not sent, when one pauses. */
export class DraftSync {
  #rest;
  #isOn;
  /** @type {Map<string, number>} */
  #timers = new Map();

  /**
   * @param {RestApi} rest
   * @param {() => boolean} isOn whether the service keeps drafts
   */
  constructor(rest, isOn) {
    this.#rest = rest;
    this.#isOn = isOn;
  }

  /** @param {Conversation} conversation */
  changed(conversation) {
    const { sessionId } = conversation;
    clearTimeout(this.#timers.get(sessionId));
    this.#timers.set(
      sessionId,
      setTimeout(() => this.#give(conversation), PAUSE),
    );
  }

  stop() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** What fails is given with the next change. @param {Conversation} conversation */
  async #give({ sessionId, draft }) {
    if (!this.#isOn() || !draft.isNew) return;
    const { text } = draft;
    await this.#rest.setState(sessionId, { draft: text || null }).then(
      () => draft.share(text),
      () => {},
    );
  }
}
