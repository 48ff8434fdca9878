import { h } from "../dom.js";
import { GONE } from "../message-text.js";

/**
 * The message that another one answers, in its present form.
 * @param {Conversation} conversation
 * @param {Quote} told as it was when the answer was told
 */
export function quoted(conversation, told) {
  const known = conversation.withSeq(told.seq);
  const mine = known ? conversation.isMine(known) : told.senderId !== conversation.peer.profileId;
  const isGone = known ? !!known.deleted : told.deleted || !told.content;
  const name = mine ? "You" : conversation.peer.displayName;
  return { name: isGone && !known ? "" : name, text: isGone ? GONE : (known?.content ?? told.content ?? ""), isGone };
}

/**
 * It above the answer; a press goes there. For the keyboard the menu has the same.
 * @param {Conversation} conversation
 * @param {Quote} told
 * @param {(seq: number) => void} goTo
 */
export function quote(conversation, told, goTo) {
  const { name, text, isGone } = quoted(conversation, told);
  return h(
    `button.quote${isGone ? ".gone" : ""}`,
    { type: "button", tabindex: "-1", title: "Go to this message", onclick: () => goTo(told.seq) },
    h("span.visually-hidden", {}, "In answer to "),
    name && h("b", { dir: "auto" }, name, h("span.visually-hidden", {}, ": ")),
    h("span.quoted", { dir: "auto" }, text),
  );
}
