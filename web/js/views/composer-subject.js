import { h } from "../dom.js";
import { icon } from "./icons.js";

/** What one writes about, above the field: the message that is edited. `ended` is called by its button. */
export class ComposerSubject {
  /** @type {ChatMessage | null} */
  edited = null;
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
    this.edited = message;
    this.#show("Edit", message);
  }

  clear() {
    this.edited = null;
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
