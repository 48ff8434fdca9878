import { arrange, h, soon } from "../dom.js";
import { day, sameDay } from "../format.js";
import { icon } from "./icons.js";
import { divider, messageItem, unsentItem } from "./message.js";
import { stateOf } from "./ticks.js";

const TOGETHER = 5 * 60_000; // messages of one person within this time form a group
const NEAR = 48; // pixels from the end that still count as the end

/** The messages of one conversation: keeps to the end while one is there, and to what one reads while not. */
export class MessageList {
  #person;
  #conversation;
  #items = new Map(); // by what they show: { signature, element }
  #list = h("ol.messages");
  #older;
  #toEnd;
  #scroll;
  #loading = false;
  #off = [];
  #observers = [];
  #nearTop;
  #atEnd = true;

  constructor(person, conversation) {
    this.#person = person;
    this.#conversation = conversation;
    this.#list.setAttribute("aria-label", `Messages with ${conversation.peer.displayName}`);
    this.#older = h(
      "button.older.quiet",
      { type: "button", hidden: true, onclick: () => this.#loadOlder() },
      "Older messages",
    );
    this.#toEnd = h(
      "button.to-end",
      { type: "button", hidden: true, onclick: () => this.scrollToEnd(true) },
      icon("down"),
      "Newest",
    );
    this.#scroll = h(
      "div.scroll",
      { tabindex: "0", role: "group", "aria-label": "Messages", onscroll: () => this.#scrolled() },
      this.#older,
      this.#list,
    );
    this.element = h("div.message-list", {}, this.#scroll, this.#toEnd);
    const render = soon(() => this.#render());
    this.#off.push(
      conversation.on("changed", render),
      person.connection.on("connected", () => this.#look()),
    );
    const look = () => this.#look();
    document.addEventListener("visibilitychange", look);
    this.#off.push(() => document.removeEventListener("visibilitychange", look));
    this.#observe();
    render();
  }

  stop() {
    this.#off.forEach((off) => off());
    this.#observers.forEach((observer) => observer.disconnect());
  }

  scrollToEnd(smooth = false) {
    this.#atEnd = true;
    this.#scroll.scrollTo({ top: this.#scroll.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  #observe() {
    this.#nearTop = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#loadOlder(), {
      root: this.#scroll,
      rootMargin: "300px 0px 0px",
    });
    this.#nearTop.observe(this.#older);
    const size = new ResizeObserver(() => this.#atEnd && this.scrollToEnd());
    size.observe(this.#scroll);
    this.#observers.push(this.#nearTop, size);
  }

  #render() {
    const { messages, hasOlder } = this.#conversation;
    const from = this.#anchor();
    arrange(this.#list, this.#elements(messages));
    this.#older.hidden = !hasOlder;
    if (this.#atEnd) this.scrollToEnd();
    else if (from) this.#scroll.scrollTop += from.element.offsetTop - from.top;
    this.#look();
  }

  /** What is read now, so that it can stay where it is. */
  #anchor() {
    const top = this.#scroll.scrollTop;
    const element = [...this.#list.children].find((child) => child.offsetTop + child.offsetHeight > top);
    return element && { element, top: element.offsetTop };
  }

  #elements(messages) {
    const elements = [];
    const seen = new Set();
    const put = (id, signature, make) => {
      const known = this.#items.get(id);
      const item = known?.signature === signature ? known : { signature, element: make() };
      this.#items.set(id, item);
      seen.add(id);
      elements.push(item.element);
    };
    let previous;
    for (const message of messages) {
      this.#before(message, previous, put);
      const mine = this.#conversation.isMine(message);
      const first = !previous || isBreak(previous, message, mine === this.#conversation.isMine(previous));
      put(message.clientMessageId, `${mine && stateOf(message)} ${first}`, () => messageItem(message, { mine, first }));
      this.#after(message, put);
      previous = message;
    }
    for (const send of this.#person.unsent.of(this.#conversation.sessionId)) {
      if (messages.some(({ clientMessageId }) => clientMessageId === send.clientMessageId)) continue;
      const retry = () => this.#person.unsent.retry(send);
      const discard = () => this.#person.unsent.discard(send);
      put(send.clientMessageId, `${send.state} ${send.problem}`, () =>
        unsentItem(send, { first: false, retry, discard }),
      );
    }
    for (const id of this.#items.keys()) if (!seen.has(id)) this.#items.delete(id);
    return elements;
  }

  #before(message, previous, put) {
    if (previous && sameDay(previous.sentAt, message.sentAt)) return;
    const name = day(message.sentAt);
    put(`day ${new Date(message.sentAt).toDateString()}`, name, () => divider(name));
  }

  #after({ seq }, put) {
    const count = this.#conversation.resumes.get(seq);
    if (count === undefined) return;
    const what = count === 1 ? "1 message" : `${count || "no"} messages`;
    put(`resumed ${seq}`, what, () => divider(`Connection resumed after no. ${seq}: ${what}`, "resumed"));
  }

  async #loadOlder() {
    if (this.#loading || !this.#conversation.hasOlder) return;
    this.#loading = true;
    this.#older.textContent = "Loading …";
    await this.#person.loadOlder(this.#conversation).catch((problem) => this.#person.emit("notice", problem.message));
    this.#older.textContent = "Older messages";
    setTimeout(() => {
      this.#loading = false; // now what has come is laid out
      this.#nearTop.unobserve(this.#older);
      this.#nearTop.observe(this.#older); // who is still there wants still older ones
    });
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    this.#toEnd.hidden = this.#atEnd;
    this.#look();
  }

  /** Who looks at the end of a conversation has seen it. */
  #look() {
    if (this.#atEnd && !document.hidden && this.#scroll.isConnected && this.#scroll.clientHeight) {
      this.#person.saw(this.#conversation);
    }
  }
}

const isBreak = (previous, message, sameSide) =>
  !sameSide ||
  !sameDay(previous.sentAt, message.sentAt) ||
  new Date(message.sentAt) - new Date(previous.sentAt) > TOGETHER;
