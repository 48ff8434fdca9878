import { byId, h } from "../dom.js";
import { call } from "../http.js";
import { themeChoice } from "../views/top-bar.js";
import { restSection } from "./openapi.js";
import { stompSection } from "./asyncapi.js";
import { typesSection } from "./types.js";

const DOCUMENTS = { OpenAPI: "schema/openapi.json", AsyncAPI: "schema/asyncapi.json" };

byId("theme").append(themeChoice());

const [rest, stomp] = await Promise.all(Object.values(DOCUMENTS).map((path) => call("GET", path).catch(() => null)));
const sections = [
  introduction(),
  rest && restSection(rest),
  stomp && stompSection(stomp),
  (rest || stomp) && typesSection({ ...stomp?.components?.schemas, ...rest?.components?.schemas }),
].filter(Boolean);

byId("documents").replaceChildren(...sections.map(({ element }) => element));
byId("contents").replaceChildren(
  ...sections.flatMap(({ title, id, entries = [] }) => [
    h("h2", {}, h("a", { href: `#${id}` }, title)),
    h(
      "ul",
      {},
      entries.map((/** @type {{ id: string, label: string }} */ entry) =>
        h("li", {}, h("a", { href: `#${entry.id}` }, entry.label)),
      ),
    ),
  ]),
);
if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();

function introduction() {
  const documents = Object.entries(DOCUMENTS).map(([name, path]) => h("li", {}, h("a", { href: `../${path}` }, name)));
  const missing = !rest || !stomp;
  const element = h(
    "section",
    { id: "start" },
    h("h2", {}, rest?.info.title ?? "The API", rest && h("span.version", {}, rest.info.version)),
    rest && h("p", {}, rest.info.description),
    h("p", {}, "This page shows what these documents say, which programs can read as well:"),
    h("ul.plain", {}, documents),
    missing &&
      h("p.problem", { role: "alert" }, "One of them could not be read just now. Reload the page to try again."),
  );
  return { title: "Start", id: "start", element };
}
