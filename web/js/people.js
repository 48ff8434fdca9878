import { arrange, byId } from "./dom.js";
import { Identity } from "./identity.js";
import { OpenChats } from "./open-chats.js";
import { Person } from "./person.js";
import { Pane } from "./views/pane.js";
import { signIn } from "./views/sign-in.js";
import { welcome } from "./views/welcome.js";

const DEMO = ["ann@example.org", "bob@example.org"];

/** The people side by side. `changed` gets their e-mails whenever somebody comes or goes. */
export class People {
  #place;
  #about;
  #options;
  /** @type {Map<string, { person: Person, pane: Pane }>} */
  #panes = new Map(); // by e-mail: { person, pane }
  #open = new OpenChats();

  /**
   * @param {HTMLElement} place
   * @param {About} about
   * @param {{ transport: string | null, intent: string, changed: (emails: string[]) => void }} options
   */
  constructor(place, about, options) {
    this.#place = place;
    this.#about = about;
    this.#options = options;
  }

  /**
   * Those whose token can be had without asking. `peerOf` names whom somebody is to chat with; what they had open
   * before a reload goes first.
   *
   * @param {Identity[]} identities
   * @param {(email: string) => string | null | undefined} peerOf
   */
  restore(identities, peerOf) {
    const there = identities.filter((one) => one.madeByService || one.expiresAt > Date.now());
    for (const identity of there) this.#add(identity, { opening: !!peerOf(identity.email) });
    this.#show();
    for (const { email } of there) this.#openChat(email, peerOf(email));
  }

  /**
   * @param {string} me
   * @param {string | null | undefined} peer
   */
  #openChat(me, peer) {
    const before = this.#open.before(me);
    if (before) this.#chat(me, before.peer, before.intent);
    else if (peer && before === undefined) this.#chat(me, peer, this.#options.intent);
  }

  /**
   * @param {string} me
   * @param {string} peer
   * @param {string} intent
   */
  #chat(me, peer, intent) {
    const person = this.#panes.get(me)?.person;
    person?.chatWith(peer, intent).catch((problem) => person.emit("notice", problem.message));
  }

  /**
   * A form for one more.
   * @param {{ email?: string, reason?: string }} [known]
   */
  askWho({ email, reason } = {}) {
    this.#place.querySelector(".sign-in")?.remove();
    const form = signIn(this.#about, {
      email,
      reason,
      signedIn: (identity) => {
        form.element.remove();
        this.#signedIn(identity);
      },
      close: () => {
        form.element.remove();
        this.#show();
      },
    });
    this.#place.append(form.element);
    form.focus();
  }

  /** @param {Identity} identity */
  #signedIn(identity) {
    const known = this.#panes.get(identity.email);
    if (known) {
      known.person.identity.take(identity);
      known.person.start();
    } else {
      this.#add(identity);
    }
    this.#show();
    this.#panes.get(identity.email)?.pane.focus();
  }

  #demo() {
    const [one, other] = DEMO;
    const identities = DEMO.map((email) => new Identity(email, { madeByService: true }));
    this.restore(identities, (email) => (email === one ? other : one));
  }

  /**
   * @param {Identity} identity
   * @param {{ opening?: boolean }} [options]
   */
  #add(identity, { opening = false } = {}) {
    if (this.#panes.has(identity.email)) return;
    const person = new Person(identity, { transport: this.#options.transport });
    person.hasNamesake = [...this.#panes.values()].some((other) => other.person.name === person.name);
    const pane = new Pane(person, { left: () => this.#remove(identity) });
    this.#panes.set(identity.email, { person, pane });
    this.#open.add(person, { opening });
    person.on("conversations", () => this.#showTitle());
    person.connection.on("state", ({ phase, reason }) => {
      if (phase === "refused") this.askWho({ email: identity.email, reason });
    });
    person.start();
  }

  /** @param {Identity} identity */
  #remove(identity) {
    const one = this.#panes.get(identity.email);
    if (!one) return;
    const { pane, person } = one;
    pane.stop();
    person.forget();
    this.#panes.delete(identity.email);
    this.#open.remove(person);
    identity.forget();
    this.#show();
    byId("add-person").focus();
  }

  #show() {
    const panes = [...this.#panes.values()].map(({ pane }) => pane.element);
    const { element } = panes.length
      ? {}
      : welcome(this.#about, { signedIn: (identity) => this.#signedIn(identity), demo: () => this.#demo() });
    arrange(this.#place, element ? [element] : panes);
    this.#options.changed([...this.#panes.keys()]);
    this.#showTitle();
  }

  #showTitle() {
    const unread = [...this.#panes.values()].reduce((sum, { person }) => sum + person.unread, 0);
    document.title = unread ? `(${unread}) chat-service` : "chat-service";
  }
}
