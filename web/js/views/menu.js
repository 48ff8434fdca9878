import { h } from "../dom.js";
import { icon } from "./icons.js";

const EDGE = 8; // pixels that stay free between the menu and the window

/** One menu for many buttons: arrow keys move in it, Escape and a click elsewhere close it. */
export class Menu {
  element = h("div.menu", {
    role: "menu",
    popover: "auto",
    onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
    ontoggle: (/** @type {ToggleEvent} */ { newState }) => newState === "closed" && this.#closed(),
  });
  /** @type {HTMLElement | null} */
  #button = null;

  /**
   * @param {HTMLElement} button what opens it
   * @param {string} label
   * @param {MenuItem[]} items
   * @param {MenuEmoji[]} [row] above them
   */
  open(button, label, items, row = []) {
    this.#button = button;
    this.element.setAttribute("aria-label", label);
    const emojis = h("div.emojis", { role: "group", "aria-label": "Reactions" }, row.map((one) => this.#emoji(one)));
    this.element.replaceChildren(...(row.length ? [emojis] : []), ...items.map((item) => this.#item(item)));
    this.element.showPopover();
    button.setAttribute("aria-expanded", "true");
    this.#place(button.getBoundingClientRect());
    this.#items[0]?.focus();
  }

  close() {
    this.element.hidePopover();
  }

  /** @param {MenuItem} item */
  #item({ label, icon: name, act }) {
    const chosen = () => {
      this.close();
      act();
    };
    return h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: chosen }, icon(name), label);
  }

  /** @param {MenuEmoji} one */
  #emoji({ emoji, name, checked, act }) {
    const chosen = () => {
      this.close();
      act();
    };
    const role = { role: "menuitemcheckbox", "aria-checked": String(checked), "aria-label": `React: ${name}` };
    return h("button.emoji", { type: "button", tabindex: "-1", title: name, onclick: chosen, ...role }, emoji);
  }

  /** @returns {HTMLElement[]} */
  get #items() {
    return [...this.element.querySelectorAll("button")];
  }

  /** Below the button, or above it where that has more room. @param {DOMRect} button */
  #place(button) {
    const { width, height } = this.element.getBoundingClientRect();
    const fits = button.bottom + height + EDGE <= innerHeight;
    const top = fits ? button.bottom : Math.max(EDGE, button.top - height);
    const left = Math.min(Math.max(EDGE, button.right - width), innerWidth - width - EDGE);
    this.element.style.setProperty("top", `${top}px`);
    this.element.style.setProperty("left", `${left}px`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = this.#items;
    const at = items.findIndex((item) => item === document.activeElement);
    /** @type {Record<string, number>} */
    const moves = {
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: items.length - 1,
    };
    if (event.key === "Tab") return this.close();
    if (!(event.key in moves)) return undefined;
    event.preventDefault();
    items[(moves[event.key] + items.length) % items.length].focus();
    return undefined;
  }

  #closed() {
    this.#button?.setAttribute("aria-expanded", "false");
    if (document.activeElement === document.body && this.#button?.isConnected) this.#button.focus();
  }
}
