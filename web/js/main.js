import { readAddress, writePeople } from "./address.js";
import { byId, h } from "./dom.js";
import { call } from "./http.js";
import { Identity } from "./identity.js";
import { People } from "./people.js";
import { notificationSwitch, themeChoice } from "./views/top-bar.js";

const main = byId("people");
const addButton = byId("add-person");

byId("theme").append(notificationSwitch() ?? "", themeChoice());

const about = await call("GET", "web/about.json").catch(() => null);
if (about) start();
else
  main.replaceChildren(
    h("p.card.problem", { role: "alert" }, "The service cannot be reached. Reload the page once it is back."),
  );

function start() {
  const address = readAddress();
  const people = new People(main, about, {
    transport: address.transport,
    intent: address.intent,
    changed: (emails) => {
      writePeople(emails);
      addButton.hidden = !emails.length;
    },
  });
  addButton.addEventListener("click", () => people.askWho());
  const identities = address.people.map((email) => new Identity(email, { madeByService: about.devTokens }));
  people.restore(identities, (email) => peerOf(email, address));
}

/**
 * The peer that the address names: of two people side by side, the other one.
 * @param {string} email
 * @param {{ people: string[], peer: string | null }} address
 * @returns {string | null | undefined}
 */
function peerOf(email, { people, peer }) {
  if (people.length === 2) return people.find((other) => other !== email);
  return people.length === 1 ? peer : null;
}
