import { h } from "../dom.js";
import { preciseTime } from "../format.js";
import { icon } from "./icons.js";

const ARROWS = { in: ["←", "received"], out: ["→", "sent"], note: ["·", "socket"] };

/**
 * The frames as they go over the wire, and the REST calls beside them. Tokens are masked.
 * @param {string} name
 * @param {EventLog} log
 * @param {() => void} close
 */
export function eventLog(name, log, close) {
  const beats = h("input", { type: "checkbox", onchange: () => list.classList.toggle("with-beats", beats.checked) });
  const list = h("ol.entries", { tabindex: "0", "aria-label": `Frames of ${name}` });
  const element = h(
    "section.event-log",
    { hidden: true, "aria-label": `On the wire: ${name}` },
    h(
      "header",
      {},
      h("h3", {}, "On the wire"),
      h("label.check", {}, beats, "Heart-beats"),
      h("button.link", { type: "button", onclick: () => log.clear() }, "Clear"),
      h("button.icon-button", { type: "button", "aria-label": "Close the log", onclick: close }, icon("close")),
    ),
    list,
  );
  log.on("entry", add);
  log.on("cleared", () => list.replaceChildren());
  log.entries.forEach(add);
  return element;

  /** @param {LogEntry} entry */
  function add(entry) {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(item(entry));
    if (list.children.length > 500) list.firstChild?.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }
}

/** @param {LogEntry} entry */
function item({ kind, direction, title, summary, text, at }) {
  const [arrow, words] = ARROWS[direction];
  const line = [
    h("time", {}, preciseTime(at)),
    h("span.arrow", { "aria-hidden": "true" }, arrow),
    h("span.visually-hidden", {}, words),
    h("b", {}, title),
    h("span.summary", {}, summary),
  ];
  const content = text
    ? h("details", {}, h("summary", {}, line), h("pre", { tabindex: "0" }, text))
    : h("div.line", {}, line);
  return h(`li.${kind}`, { "data-direction": direction, "data-command": title }, content);
}
