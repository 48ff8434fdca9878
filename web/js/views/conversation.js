import { windowFor } from "../address.js";
import { h } from "../dom.js";
import { avatar } from "./avatar.js";
import { conversationActions } from "./conversation-actions.js";
import { composer } from "./composer.js";
import { icon } from "./icons.js";
import { Menu } from "./menu.js";
import { MessageList } from "./message-list.js";
import { peerLine } from "./peer-line.js";

/** The open conversation, or what to do to have one. */
export class ConversationView {
  element = h("section.conversation");
  #person;
  #menu = new Menu();
  /** @type {MessageList | undefined} */
  #list;
  /** @type {ReturnType<typeof composer> | undefined} */
  #composer;
  /** @type {ReturnType<typeof peerLine> | undefined} */
  #line;

  /** @param {Person} person */
  constructor(person) {
    this.#person = person;
    person.on("opened", (conversation) => this.#open(conversation));
    this.#open(person.open);
  }

  focus() {
    this.#composer?.focus();
  }

  stop() {
    this.#list?.stop();
    this.#line?.stop();
    this.#composer?.stop();
  }

  /** @param {Conversation | null} conversation */
  #open(conversation) {
    this.stop();
    this.#list = this.#composer = this.#line = undefined;
    if (conversation) this.#show(conversation);
    else this.#showNothing();
  }

  /** @param {Conversation} conversation */
  #show(conversation) {
    const { displayName, email } = conversation.peer;
    const person = this.#person;
    this.#line = peerLine(person, conversation);
    this.#composer = composer(person, conversation, () => this.#list?.scrollToEnd());
    this.#list = new MessageList(person, conversation, this.#composer);
    this.element.setAttribute("aria-label", `Conversation of ${this.#person.name} with ${displayName}`);
    this.element.replaceChildren(
      h(
        "header",
        {},
        h(
          "button.icon-button.back",
          { type: "button", "aria-label": "Back to the conversations", onclick: () => this.#person.show(null) },
          icon("back"),
        ),
        avatar(email, displayName),
        h(
          "div.who",
          {},
          h("h3", { dir: "auto" }, displayName),
          h("p", {}, this.#line.element, email, h("span.intent", {}, conversation.intent)),
        ),
        this.#menuButton(conversation),
        h(
          "a.icon-button",
          {
            href: windowFor(email, this.#person.email, conversation.intent),
            target: "_blank",
            rel: "noopener",
            title: `Open ${displayName}'s side in another window`,
            "aria-label": `Open ${displayName}'s side in another window`,
          },
          icon("window"),
        ),
      ),
      this.#list.element,
      this.#composer.element,
      this.#menu.element,
    );
  }

  /** @param {Conversation} conversation */
  #menuButton(conversation) {
    const name = conversation.peer.displayName;
    const open = () => this.#menu.open(button, "Conversation", conversationActions(this.#person, conversation));
    const button = h(
      "button.icon-button",
      {
        type: "button",
        title: "More",
        "aria-label": `More about the conversation with ${name}`,
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        "data-needs": "settings",
        onclick: open,
      },
      icon("more"),
    );
    return button;
  }

  #showNothing() {
    this.element.removeAttribute("aria-label");
    this.element.replaceChildren(
      h("div.empty", {}, h("p", {}, "Choose a conversation, or start one with anybody's e-mail.")),
    );
  }
}
