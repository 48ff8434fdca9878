import { arrange, h, soon } from "../dom.js";
import { icon } from "./icons.js";
import { Menu } from "./menu.js";
import { messageActions, react, reactionChoices } from "./message-actions.js";
import { MessageFocus } from "./message-focus.js";
import { MessageItems } from "./message-items.js";
import { MessageWindow } from "./message-window.js";
import { ScrollAnchor } from "./scroll-anchor.js";

const NEAR = 48; // pixels from the end that still count as the end
const MAX_PAGES = 20; // pages that a jump to the first unread message loads at most

/** The messages of one conversation: follows the newest while one is at the end, and keeps the place while not. */
export class MessageList {
  #person;
  #conversation;
  #items;
  #window = new MessageWindow();
  #list = h("ol.messages");
  #menu = new Menu();
  #focus = new MessageFocus(this.#list);
  #older = h(
    "button.older.quiet",
    { type: "button", hidden: true, onclick: () => this.#showOlder() },
    "Older messages",
  );
  #newer = h("div.newer", { hidden: true });
  #toEnd = h("button.to-end", { type: "button", hidden: true, onclick: () => this.scrollToEnd() });
  #toUnread = h("button.to-unread", { type: "button", hidden: true, onclick: () => this.#jumpToUnread() });
  #scroll;
  #anchor;
  #loading = false;
  /** @type {(() => void)[]} */
  #off = [];
  /** @type {{ disconnect(): void }[]} */
  #observers = [];
  /** @type {IntersectionObserver | undefined} */
  #edges;
  #atEnd = true;
  #height = 0;
  #unreadFound = false; // the first unread message has been in view
  #readTo = 0; // the last message there was when one was at the end

  /**
   * @param {Person} person
   * @param {Conversation} conversation
   * @param {Compose} compose
   */
  constructor(person, conversation, compose) {
    this.#person = person;
    this.#conversation = conversation;
    const goTo = (/** @type {number} */ seq) => this.#goTo(seq);
    this.#items = new MessageItems(person, conversation, {
      openMenu: (message, button) => {
        const items = messageActions(person, conversation, message, { ...compose, goTo });
        this.#menu.open(button, "Message", items, reactionChoices(person, conversation, message));
      },
      goTo,
      react: (message, emoji) => react(person, conversation, message, emoji),
    });
    this.#list.setAttribute("aria-label", `Messages with ${conversation.peer.displayName}`);
    this.#scroll = h(
      "div.scroll",
      { tabindex: "0", role: "group", "aria-label": "Messages", onscroll: () => this.#scrolled() },
      this.#older,
      this.#list,
      this.#newer,
    );
    this.#anchor = new ScrollAnchor(this.#scroll, this.#items);
    this.element = h("div.message-list", {}, this.#scroll, this.#toUnread, this.#toEnd, this.#menu.element);
    const render = soon(() => this.#render());
    const look = () => this.#look();
    this.#off.push(conversation.on("changed", render), person.connection.on("connected", look));
    document.addEventListener("visibilitychange", look);
    this.#off.push(() => document.removeEventListener("visibilitychange", look));
    this.#observe();
    render();
  }

  stop() {
    this.#off.forEach((off) => off());
    this.#observers.forEach((observer) => observer.disconnect());
  }

  /** At once: a smooth way there would end short of what comes meanwhile. */
  scrollToEnd() {
    this.#atEnd = true;
    if (!this.#window.atNewest) {
      this.#window.toNewest();
      this.#render();
    }
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#showWhere();
  }

  #observe() {
    const root = this.#scroll;
    this.#edges = new IntersectionObserver((entries) => this.#nearEdge(entries), { root, rootMargin: "300px 0px" });
    this.#edges.observe(this.#older);
    this.#edges.observe(this.#newer);
    const size = new ResizeObserver(() => this.#atEnd && this.scrollToEnd());
    size.observe(root);
    this.#observers.push(this.#edges, size);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #nearEdge(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      if (target === this.#older) this.#showOlder();
      else if (this.#window.down(this.#conversation.messages)) this.#moved();
    }
  }

  #render() {
    const { messages, hasOlder } = this.#conversation;
    if (!this.#atEnd) this.#anchor.note();
    const shown = this.#window.of(messages);
    const focused = this.#items.keyOf(document.activeElement);
    arrange(this.#list, this.#items.elements(shown, { withUnsent: this.#window.atNewest }));
    this.#focus.keep(focused && this.#items.elementOf(focused));
    this.#older.hidden = !hasOlder && shown[0] === messages[0];
    this.#newer.hidden = this.#window.atNewest;
    if (this.#atEnd) this.#scroll.scrollTop = this.#scroll.scrollHeight;
    else this.#anchor.restore();
    this.#showWhere();
    this.#look();
  }

  async #showOlder() {
    if (this.#loading) return;
    this.#loading = true;
    if (!this.#window.up(this.#conversation.messages)) await this.#loadOlder();
    this.#moved();
    setTimeout(() => {
      this.#loading = false; // what has come is laid out now
      this.#lookAtEdges();
    });
  }

  async #loadOlder() {
    const conversation = this.#conversation;
    if (!conversation.hasOlder) return;
    this.#older.textContent = "Loading …";
    await this.#person.loadOlder(conversation).catch((problem) => this.#person.emit("notice", problem.message));
    this.#older.textContent = "Older messages";
    this.#window.up(conversation.messages);
  }

  #moved() {
    this.#atEnd = this.#atEnd && this.#window.atNewest;
    this.#render();
  }

  /** The observer tells of changes alone: what is still in view has to be told again. */
  #lookAtEdges() {
    for (const edge of [this.#older, this.#newer]) {
      this.#edges?.unobserve(edge);
      this.#edges?.observe(edge);
    }
  }

  async #jumpToUnread() {
    const conversation = this.#conversation;
    for (let page = 0; page < MAX_PAGES && conversation.hasOlder && !conversation.whenOpened.knowsFirst; page++)
      await this.#loadOlder();
    const seq = conversation.whenOpened.firstUnread;
    if (seq === undefined) return;
    this.#bringIntoView(seq);
    this.#unreadFound = true;
    this.#showWhere();
  }

  /** To a message that another one answers. @param {number} seq */
  async #goTo(seq) {
    const conversation = this.#conversation;
    for (let page = 0; page < MAX_PAGES && conversation.hasOlder && conversation.heldFrom > seq; page++)
      await this.#loadOlder();
    const item = this.#bringIntoView(seq);
    if (!item) return this.#person.emit("notice", "That message is not there any more.");
    this.#focus.enter(item);
    for (const one of this.#list.querySelectorAll(".origin")) one.classList.remove("origin");
    item.classList.add("origin");
    return undefined;
  }

  /**
   * @param {number} seq
   * @returns {HTMLElement | null}
   */
  #bringIntoView(seq) {
    this.#atEnd = false;
    this.#window.around(this.#conversation.messages, seq);
    this.#render();
    const item = /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-seq="${seq}"]`));
    item?.scrollIntoView({ block: "center" });
    return item;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    const resized = clientHeight !== this.#height; // by the field below, which grows with what one writes
    this.#height = clientHeight;
    if (resized && this.#atEnd) return this.scrollToEnd();
    this.#atEnd = this.#window.atNewest && scrollHeight - scrollTop - clientHeight < NEAR;
    this.#showWhere();
    this.#look();
  }

  #showWhere() {
    const { messages, lastSeq, whenOpened } = this.#conversation;
    if (this.#atEnd) this.#readTo = lastSeq;
    const count = messages.filter((one) => one.seq > this.#readTo && !this.#conversation.isMine(one)).length;
    this.#toEnd.hidden = this.#atEnd;
    this.#toEnd.replaceChildren(icon("down"), count ? `Newest (${count} new)` : "Newest");
    const line = this.#items.elementOf("unread")?.getBoundingClientRect();
    if (line && line.top >= this.#scroll.getBoundingClientRect().top) this.#unreadFound = true;
    this.#toUnread.hidden = this.#unreadFound || !whenOpened.firstUnread;
    this.#toUnread.textContent = `${whenOpened.unread} new: go to the first`;
  }

  /** Who looks at the end of a conversation has seen it. */
  #look() {
    if (this.#atEnd && !document.hidden && this.#scroll.isConnected && this.#scroll.clientHeight) {
      this.#person.saw(this.#conversation);
    }
  }
}
