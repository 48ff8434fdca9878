import { arrange } from "./dom.js";
import { Identity } from "./identity.js";
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

  constructor(place, about, options) {
    this.#place = place;
    this.#about = about;
    this.#options = options;
  }

  /** Those whose token can be had without asking. */
  restore(identities) {
    for (const identity of identities)
      if (identity.madeByService || identity.expiresAt > Date.now()) this.#add(identity);
    this.#show();
  }

  /** Opens a chat between two, in every pane of theirs. */
  introduce(one, other) {
    const { intent } = this.#options;
    for (const [me, peer] of [
      [one, other],
      [other, one],
    ]) {
      const person = this.#panes.get(me)?.person;
      person?.chatWith(peer, intent).catch((problem) => person.emit("notice", problem.message));
    }
  }

  /** A form for one more. */
  askWho({ email } = {}) {
    this.#place.querySelector(".sign-in")?.remove();
    const form = signIn(this.#about, {
      email,
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
    for (const email of DEMO) this.#add(new Identity(email, { madeByService: true }));
    this.#show();
    this.introduce(...DEMO);
  }

  #add(identity) {
    if (this.#panes.has(identity.email)) return;
    const person = new Person(identity, { transport: this.#options.transport });
    const pane = new Pane(person, { left: () => this.#remove(identity) });
    this.#panes.set(identity.email, { person, pane });
    person.on("conversations", () => this.#showTitle());
    person.connection.on("state", ({ phase }) => phase === "refused" && this.askWho({ email: identity.email }));
    person.start();
  }

  #remove(identity) {
    this.#panes.get(identity.email)?.pane.stop();
    this.#panes.delete(identity.email);
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
