/** Keeps the messages that one reads where they are while others come and go above them. */
export class ScrollAnchor {
  #scroll;
  #items;
  /** @type {{ key: string, top: number }[]} */
  #before = [];

  /**
   * @param {HTMLElement} scroll
   * @param {import("./message-items.js").MessageItems} items
   */
  constructor(scroll, items) {
    this.#scroll = scroll;
    this.#items = items;
  }

  /** Before a change: those in view, with their distance from the top. One of them is there afterwards. */
  note() {
    const { top, bottom } = this.#scroll.getBoundingClientRect();
    this.#before = this.#items.messages
      .map(([key, element]) => ({ key, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.bottom > top && box.top < bottom)
      .map(({ key, box }) => ({ key, top: box.top }));
  }

  /** After it. */
  restore() {
    for (const { key, top } of this.#before) {
      const element = this.#items.elementOf(key);
      if (!element?.isConnected) continue;
      this.#scroll.scrollTop += element.getBoundingClientRect().top - top;
      return;
    }
  }
}
