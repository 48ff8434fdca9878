import { chatQuery } from "./address.js";

/**
 * Which conversation each person has open, as the browser's history has it: Back leaves a conversation, not the page,
 * and a reload finds it again. One person's conversation is in the address too.
 */
export class OpenChats {
  /** @type {Map<string, Person>} */
  #people = new Map(); // by e-mail
  #following = false; // the history, and not the other way round

  constructor() {
    window.addEventListener("popstate", () => this.#follow());
  }

  /**
   * `opening` says that a conversation is about to be opened, which is then where the page began.
   * @param {Person} person
   * @param {{ opening?: boolean }} [options]
   */
  add(person, { opening = false } = {}) {
    this.#people.set(person.email, person);
    person.on("opened", (conversation) => this.#note(person.email, place(conversation)));
    if (!opening && this.before(person.email) === undefined) this.#write("replaceState", person.email, null);
  }

  /** @param {Person} person */
  remove({ email }) {
    this.#people.delete(email);
    this.#write("replaceState", email, undefined);
  }

  /**
   * `{ peer, intent }` of what the person had open before a reload; null for none, undefined for a new page.
   * @param {string} email
   * @returns {OpenChat | null | undefined}
   */
  before(email) {
    return history.state?.open?.[email];
  }

  /**
   * @param {string} email
   * @param {OpenChat | null} now
   */
  #note(email, now) {
    const before = this.before(email);
    if (this.#following || (before !== undefined && same(before, now))) return;
    if (before && !now && history.state.pushed) history.back();
    else this.#write(before !== undefined && now ? "pushState" : "replaceState", email, now);
  }

  /**
   * @param {"pushState" | "replaceState"} how
   * @param {string} email
   * @param {OpenChat | null | undefined} now
   */
  #write(how, email, now) {
    const others = { ...history.state?.open };
    delete others[email];
    const open = now === undefined ? others : { ...others, [email]: now };
    const pushed = how === "pushState" || !!history.state?.pushed;
    history[how]({ open, pushed }, "", chatQuery(open));
  }

  #follow() {
    this.#following = true;
    for (const person of this.#people.values()) {
      const wanted = this.before(person.email);
      const conversation = wanted && person.conversations.list.find((one) => same(place(one), wanted));
      if ((conversation ?? null) !== person.open) person.show(conversation?.sessionId ?? null);
    }
    this.#following = false;
  }
}

/**
 * @param {Conversation | null} conversation
 * @returns {OpenChat | null}
 */
const place = (conversation) => conversation && { peer: conversation.peer.email, intent: conversation.intent };
/**
 * @param {OpenChat | null | undefined} one
 * @param {OpenChat | null | undefined} other
 */
const same = (one, other) => one?.peer === other?.peer && one?.intent === other?.intent;
