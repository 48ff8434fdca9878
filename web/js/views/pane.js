import { announce } from "../announcer.js";
import { h, uniqueId } from "../dom.js";
import { notifications } from "../notifications.js";
import { avatar, hue } from "./avatar.js";
import { connectionStatus } from "./connection-status.js";
import { ConversationView } from "./conversation.js";
import { eventLog } from "./event-log.js";
import { icon } from "./icons.js";
import { SessionList } from "./session-list.js";

/** One person's part of the page. `left` is called when they sign out. */
export class Pane {
  element;
  #person;
  #status;
  #conversation;
  #sessions;
  #notice = h("p.notice", { role: "status", hidden: true });
  /** @type {number | undefined} */
  #noticeTimer;
  #log;
  #logButton;

  /**
   * @param {Person} person
   * @param {{ left: () => void }} options
   */
  constructor(person, { left }) {
    this.#person = person;
    this.#status = connectionStatus(person);
    this.#conversation = new ConversationView(person);
    this.#sessions = new SessionList(person, () => this.#conversation.focus());
    this.#log = eventLog(person.name, person.log, () => this.#toggleLog());
    this.#logButton = h(
      "button.icon-button",
      {
        type: "button",
        "aria-label": "Show what goes over the wire",
        title: "What goes over the wire",
        "aria-expanded": "false",
        onclick: () => this.#toggleLog(),
      },
      icon("log"),
    );
    this.element = this.#make(left);
    this.element.style.setProperty("--hue", String(hue(person.email)));
    person.connection.on("state", () => (this.element.dataset.features = [...person.connection.features].join(" ")));
    person.on("opened", (conversation) => this.#opened(conversation));
    person.on("notice", (text) => this.#tell(text));
    person.on("incoming", ({ conversation, message }) => {
      announce(`${message.senderDisplayName} to ${person.name}: ${message.content}`);
      if (!conversation?.muted) notifications.show(message, () => person.show(message.sessionId));
    });
  }

  focus() {
    if (this.#person.open) this.#conversation.focus();
    else this.#sessions.focus();
  }

  stop() {
    this.#status.stop();
    this.#conversation.stop();
    this.#person.stop();
  }

  /** @param {() => void} left */
  #make(left) {
    const { name, email } = this.#person;
    const title = uniqueId("person");
    return h(
      "section.pane",
      { "aria-labelledby": title, "data-person": email },
      h(
        "header.person",
        {},
        avatar(email, name),
        h("div.who", {}, h("h2", { id: title }, name), h("p", {}, email)),
        this.#status.element,
        this.#logButton,
        h(
          "button.icon-button",
          { type: "button", "aria-label": `Sign ${name} out`, title: `Sign ${name} out`, onclick: left },
          icon("close"),
        ),
      ),
      this.#notice,
      h("div.body", {}, this.#sessions.element, this.#conversation.element),
      this.#log,
    );
  }

  /** @param {Conversation | null} conversation */
  #opened(conversation) {
    this.element.classList.toggle("in-conversation", !!conversation);
    if (!conversation) this.#sessions.focus();
  }

  /** @param {string} text */
  #tell(text) {
    this.#notice.textContent = text;
    this.#notice.hidden = false;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => (this.#notice.hidden = true), 6_000);
  }

  #toggleLog() {
    this.#log.hidden = !this.#log.hidden;
    this.#logButton.setAttribute("aria-expanded", String(!this.#log.hidden));
    const list = this.#log.querySelector(".entries");
    if (list) list.scrollTop = list.scrollHeight;
    if (this.#log.hidden) this.#logButton.focus();
  }
}
