/** What one shows of oneself, in all conversations that have no settings of their own. */
export class Settings {
  #rest;

  /** @param {RestApi} rest */
  constructor(rest) {
    this.#rest = rest;
  }

  /** Throws a Problem. @returns {Promise<Shows>} */
  async read() {
    const { settings } = await this.#rest.settings();
    const [{ seenReceipts, deliveredReceipts, typing, presence }] = settings;
    return { seenReceipts, deliveredReceipts, typing, presence };
  }

  /** Throws a Problem. @param {Partial<Shows>} shows what is left out is shown */
  async save(shows) {
    await this.#rest.saveSettings(shows);
  }
}
