import { announce } from "../announcer.js";
import { h } from "../dom.js";
import { fullTime, time } from "../format.js";
import { withLinks } from "../links.js";
import { icon } from "./icons.js";
import { stateOf, ticks } from "./ticks.js";

/**
 * A message that is stored.
 * @param {ChatMessage} message
 * @param {{ mine: boolean, first: boolean }} place
 */
export function messageItem(message, { mine, first }) {
  return h(
    `li.message${mine ? ".mine" : ".theirs"}${first ? ".first" : ""}`,
    { "data-seq": message.seq, "data-state": mine && stateOf(message) },
    h(
      "div.bubble",
      {},
      h("span.visually-hidden", {}, mine ? "You: " : `${message.senderDisplayName}: `),
      h("p", { dir: "auto" }, withLinks(message.content)),
      h(
        "span.meta",
        {},
        copyButton(message.content),
        h(
          "time",
          { datetime: message.sentAt, title: `No. ${message.seq}, ${fullTime(message.sentAt)}` },
          time(message.sentAt),
        ),
        mine && ticks(stateOf(message)),
      ),
    ),
  );
}

/**
 * One that has no ack yet.
 * @param {Send} send
 * @param {{ first: boolean, retry: () => void, discard: () => void }} options
 */
export function unsentItem(send, { first, retry, discard }) {
  const failed = send.state === "failed";
  return h(
    `li.message.mine.unsent${first ? ".first" : ""}`,
    { "data-state": send.state },
    h(
      "div.bubble",
      {},
      h("span.visually-hidden", {}, "You: "),
      h("p", { dir: "auto" }, withLinks(send.content)),
      h("span.meta", {}, h("time", { datetime: send.at }, time(send.at)), ticks(send.state)),
    ),
    send.problem &&
      h(
        "p.problem",
        {},
        send.problem,
        failed && h("button.link", { type: "button", onclick: retry }, "Try again"),
        failed && h("button.link", { type: "button", onclick: discard }, "Discard"),
      ),
  );
}

/**
 * For the mouse and for touch; not in the order of tabs, where one for each message would be in the way.
 * @param {string} text
 */
function copyButton(text) {
  return h(
    "button.copy",
    { type: "button", tabindex: "-1", title: "Copy", "aria-label": "Copy the message", onclick: copy },
    icon("copy"),
  );

  async function copy() {
    await navigator.clipboard?.writeText(text).then(
      () => announce("Copied"),
      () => announce("The browser does not let the page copy"),
    );
  }
}

/**
 * @param {string} text
 * @param {string} [kind]
 */
export function divider(text, kind = "day") {
  return h(`li.divider.${kind}`, {}, h("span", {}, text));
}
