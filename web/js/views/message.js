import { h } from "../dom.js";
import { fullTime, time } from "../format.js";
import { withLinks } from "../links.js";
import { GONE } from "../message-text.js";
import { icon } from "./icons.js";
import { quote } from "./quote.js";
import { reactionRow } from "./reactions.js";
import { stateOf, ticks } from "./ticks.js";

/**
 * A message that is stored.
 * @param {Conversation} conversation
 * @param {ChatMessage} message
 * @param {{ mine: boolean, first: boolean, actions: MessageActions }} options
 */
export function messageItem(conversation, message, { mine, first, actions: { openMenu, goTo, react } }) {
  return h(
    `li.message${mine ? ".mine" : ".theirs"}${first ? ".first" : ""}`,
    { "data-seq": message.seq, "data-state": mine && stateOf(message) },
    h(
      "div.bubble",
      {},
      h("span.visually-hidden", {}, mine ? "You: " : `${message.senderDisplayName}: `),
      message.replyTo && quote(conversation, message.replyTo, goTo),
      message.deleted ? h("p.gone", {}, GONE) : h("p", { dir: "auto" }, withLinks(message.content)),
      h(
        "span.meta",
        {},
        !message.deleted && menuButton((button) => openMenu(message, button)),
        message.editedAt && h("span", { title: `Edited ${fullTime(message.editedAt)}` }, "edited"),
        h(
          "time",
          { datetime: message.sentAt, title: `No. ${message.seq}, ${fullTime(message.sentAt)}` },
          time(message.sentAt),
        ),
        mine && !message.deleted && ticks(stateOf(message)),
      ),
    ),
    message.reactions && reactionRow(conversation, message, (emoji) => react(message, emoji)),
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
 * One button of all the messages is in the order of tabs; arrow keys go from one to the next.
 * @param {(button: HTMLElement) => void} open
 */
function menuButton(open) {
  const button = h(
    "button.more",
    {
      type: "button",
      tabindex: "-1",
      title: "More",
      "aria-label": "More about the message",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: () => open(button),
    },
    icon("more"),
  );
  return button;
}

/**
 * @param {string} text
 * @param {string} [kind]
 */
export function divider(text, kind = "day") {
  return h(`li.divider.${kind}`, {}, h("span", {}, text));
}
