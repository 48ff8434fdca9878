import { h } from "../dom.js";
import { icon } from "./icons.js";

/** What one writes about, above the field: the message that is edited or answered. `ended` is called by its button. */
export class ComposerSubject {
  /** @type {ChatMessage | null} */
  edited = null;
  /** @type {ChatMessage | null} */
  answered = null;
  #title = h("b");
  #quote = h("span.quoted", { dir: "auto" });
  element;

  /** @param {() => void} ended */
  constructor(ended) {
    this.element = h(
      "div.subject",
      { hidden: true },
      h("p", {}, this.#title, this.#quote),
      h(
        "button.icon-button",
        { type: "button", "aria-label": "Cancel", title: "Cancel", onclick: ended },
        icon("close"),
      ),
    );
  }

  /** @param {ChatMessage} message */
  edit(message) {
    this.clear();
    this.edited = message;
    this.#show("Edit", message);
  }

  /**
   * @param {ChatMessage} message
   * @param {string} name
   */
  reply(message, name) {
    this.clear();
    this.answered = message;
    this.#show(`Answer to ${name}`, message);
  }

  clear() {
    this.edited = this.answered = null;
    this.element.hidden = true;
  }

  /**
   * @param {string} title
   * @param {ChatMessage} message
   */
  #show(title, message) {
    this.#title.textContent = title;
    this.#quote.textContent = message.content;
    this.element.hidden = false;
  }
}
