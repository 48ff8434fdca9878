import { readAddress, writePeople } from "./address.js";
import { h } from "./dom.js";
import { call } from "./http.js";
import { Identity } from "./identity.js";
import { People } from "./people.js";
import { themeChoice } from "./views/top-bar.js";

const main = document.getElementById("people");
const addButton = document.getElementById("add-person");

document.getElementById("theme").append(themeChoice());

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
  people.restore(address.people.map((email) => new Identity(email, { madeByService: about.devTokens })));
  if (address.people.length === 2) people.introduce(...address.people);
  else if (address.people.length === 1 && address.peer) people.introduce(address.people[0], address.peer);
}
