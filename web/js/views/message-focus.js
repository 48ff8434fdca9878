/** The buttons of messages as one stop in the order of tabs: arrow keys go from message to message. */
export class MessageFocus {
  #list;

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
    list.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("focusin", ({ target }) => target instanceof HTMLElement && this.#stopAt(target));
  }

  /** After the list has changed. @param {HTMLElement | undefined | ""} item the new form of the one with the focus */
  keep(item) {
    if (item && !item.contains(document.activeElement)) this.enter(item);
    if (!this.#list.contains(document.activeElement)) this.#stopAt(this.#buttons.at(-1));
  }

  /** The focus goes to the button of an item. @param {HTMLElement} item */
  enter(item) {
    const button = item.querySelector(".more");
    if (button instanceof HTMLElement) button.focus({ preventScroll: true });
  }

  /** @returns {HTMLElement[]} */
  get #buttons() {
    return [...this.#list.querySelectorAll(".more")].filter((element) => element instanceof HTMLElement);
  }

  /** @param {HTMLElement | undefined} button */
  #stopAt(button) {
    if (!button?.classList.contains("more")) return;
    for (const one of this.#list.querySelectorAll('.more[tabindex="0"]')) one.setAttribute("tabindex", "-1");
    button.tabIndex = 0;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const buttons = this.#buttons;
    const at = buttons.findIndex((button) => button === event.target);
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    buttons[at + step]?.focus();
  }
}
