import { arrange } from "./dom.js";
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
  #panes = new Map(); // by e-mail: { person, pane }
  #open = new OpenChats();

  constructor(place, about, options) {
    this.#place = place;
    this.#about = about;
    this.#options = options;
  }

  /**
   * Those whose token can be had without asking. `peerOf` names whom somebody is to chat with; what they had open
   * before a reload goes first.
   */
  restore(identities, peerOf) {
    const there = identities.filter((one) => one.madeByService || one.expiresAt > Date.now());
    for (const identity of there) this.#add(identity, { opening: !!peerOf(identity.email) });
    this.#show();
    for (const { email } of there) this.#openChat(email, peerOf(email));
  }

  #openChat(me, peer) {
    const before = this.#open.before(me);
    if (before) this.#chat(me, before.peer, before.intent);
    else if (peer && before === undefined) this.#chat(me, peer, this.#options.intent);
  }

  #chat(me, peer, intent) {
    const person = this.#panes.get(me)?.person;
    person?.chatWith(peer, intent).catch((problem) => person.emit("notice", problem.message));
  }

  /** A form for one more. */
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

  #signedIn(identity) {
    const known = this.#panes.get(identity.email);
    if (known) {
      known.person.identity.take(identity);
      known.person.start();
    } else {
      this.#add(identity);
    }
    this.#show();
    this.#panes.get(identity.email).pane.focus();
  }

  #demo() {
    const [one, other] = DEMO;
    const identities = DEMO.map((email) => new Identity(email, { madeByService: true }));
    this.restore(identities, (email) => (email === one ? other : one));
  }

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

  #remove(identity) {
    const { pane, person } = this.#panes.get(identity.email);
    pane.stop();
    person.forget();
    this.#panes.delete(identity.email);
    this.#open.remove(person);
    identity.forget();
    this.#show();
    document.getElementById("add-person").focus();
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
