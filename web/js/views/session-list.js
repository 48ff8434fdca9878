import { arrange, h, soon } from "../dom.js";
import { ago } from "../format.js";
import { textOf } from "../message-text.js";
import { avatar } from "./avatar.js";
import { icon } from "./icons.js";
import { doing } from "./peer-line.js";
import { newChat } from "./new-chat.js";
import { showSettings } from "./settings-dialog.js";
import { stateOf, ticks } from "./ticks.js";

/** Everybody one chats with, the newest activity first. */
export class SessionList {
  #person;
  /** @type {Map<string, { element: HTMLLIElement, signature?: string }>} */
  #items = new Map();
  #list = h("ul.sessions");
  #archive = h("ul.sessions", { hidden: true });
  #archiveButton = h("button.quiet.archived", {
    type: "button",
    hidden: true,
    "aria-expanded": "false",
    onclick: () => this.#toggleArchive(),
  });
  #hint = h("p.hint");
  #more;
  #newChat;
  #opened;

  /**
   * `opened` is called when the user has chosen one.
   * @param {Person} person
   * @param {() => void} opened
   */
  constructor(person, opened) {
    this.#person = person;
    this.#opened = opened;
    this.#newChat = newChat(person, opened);
    this.#archive.setAttribute("aria-label", `Archive of ${person.name}`);
    this.#list.setAttribute("aria-label", `Conversations of ${person.name}`);
    this.#more = h(
      "button.quiet",
      { type: "button", hidden: true, onclick: () => person.conversations.loadMore() },
      "More conversations",
    );
    const privacy = h(
      "button.quiet",
      {
        type: "button",
        title: "What others see of you",
        "data-needs": "settings",
        onclick: () => showSettings(person),
      },
      icon("eye"),
      "Privacy",
    );
    this.element = h(
      "nav.session-list",
      { "aria-label": `Conversations of ${person.name}` },
      this.#newChat.element,
      h("div.sessions-scroll", {}, this.#list, this.#archiveButton, this.#archive, this.#more, this.#hint, privacy),
    );
    const render = soon(() => this.#render());
    person.on("conversations", render);
    person.on("opened", render);
    person.typing.on("changed", render);
    person.presence.on("changed", render);
    render();
  }

  focus() {
    const current = this.#list.querySelector("button[aria-current]") ?? this.#list.querySelector("button");
    if (current instanceof HTMLElement) current.focus();
    else this.#newChat.focus();
  }

  #render() {
    const { list, loaded, hasMore } = this.#person.conversations;
    const [inbox, archive] = [false, true].map((archived) => list.filter((one) => one.archived === archived));
    const items = (/** @type {Conversation[]} */ some) => some.map((conversation) => this.#item(conversation));
    arrange(this.#list, items(inbox));
    arrange(this.#archive, items(archive));
    this.#archiveButton.hidden = !archive.length;
    this.#archiveButton.textContent = `Archive (${archive.length})`;
    this.#more.hidden = !hasMore;
    this.#hint.textContent = list.length ? "" : loaded ? "No conversations yet." : "";
  }

  #toggleArchive() {
    this.#archive.hidden = !this.#archive.hidden;
    this.#archiveButton.setAttribute("aria-expanded", String(!this.#archive.hidden));
  }

  /** @param {Conversation} conversation */
  #item(conversation) {
    const { sessionId, last, unread } = conversation;
    const current = this.#person.open === conversation;
    const typing = doing(this.#person, conversation);
    const draft = current ? "" : conversation.draft.text;
    const presence = this.#person.presence.of(conversation.peer.profileId)?.state ?? "";
    const state = last && !last.deleted && conversation.isMine(last) ? stateOf(last) : "";
    const signature = [
      last?.messageId,
      last?.version,
      state,
      typing,
      presence,
      draft,
      conversation.pinned,
      conversation.muted,
      unread,
      current,
      conversation.peer.displayName,
      ago(conversation.activeAt),
    ].join(" ");
    const known = this.#items.get(sessionId) ?? { element: h("li") };
    const shown = { current, state, typing, presence, draft };
    if (known.signature !== signature) this.#fill(known.element, conversation, shown);
    known.signature = signature;
    this.#items.set(sessionId, known);
    return known.element;
  }

  /**
   * Keeps the button itself, which may have the focus.
   * @param {HTMLElement} item
   * @param {Conversation} conversation
   * @param {{ current: boolean, state: string, typing: string, presence: string, draft: string }} shown
   */
  #fill(item, conversation, { current, state, typing, presence, draft }) {
    const { peer, last, unread, intent } = conversation;
    const button =
      item.querySelector("button") ??
      item.appendChild(h("button", { type: "button", onclick: () => this.#choose(conversation) }));
    if (current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    button.replaceChildren(
      avatar(peer.email, peer.displayName, presence),
      h("span.name", {}, h("span", { dir: "auto" }, peer.displayName), " ", h("span.intent", {}, intent), " "),
      h(
        "span.when",
        {},
        conversation.pinned && mark("pin", "Pinned"),
        conversation.muted && mark("muted", "Muted"),
        h("time", { datetime: conversation.activeAt }, `${ago(conversation.activeAt)} `),
      ),
      h(
        "span.preview",
        {},
        !typing && draft && h("b", {}, "Draft: "),
        !typing && !draft && state && ticks(state),
        h("span", { dir: "auto" }, typing || draft || (last ? textOf(last) : "Nothing written yet")),
        " ",
      ),
      unread > 0 ? h("span.badge", {}, String(unread), h("span.visually-hidden", {}, " unread")) : "",
    );
  }

  /** @param {Conversation} conversation */
  #choose(conversation) {
    this.#person.show(conversation.sessionId);
    this.#opened();
  }
}

/**
 * @param {import("./icons.js").IconName} name
 * @param {string} words
 */
const mark = (name, words) => h("span", { title: words }, icon(name), h("span.visually-hidden", {}, `${words} `));
