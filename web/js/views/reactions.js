import { h } from "../dom.js";

/** Those that come first, with the words for them. @type {[emoji: string, name: string][]} */
export const OFTEN = [
  ["👍", "thumbs up"],
  ["❤️", "heart"],
  ["😂", "tears of joy"],
  ["😮", "astonished"],
  ["😢", "crying"],
  ["🙏", "folded hands"],
];

/** More of them, to choose from. */
export const MORE = [..."👎👏🙌💪🤝✌👋🎉🔥✨💯✅❌❓❗👀🤔😀😅😉😍😘😎😴😭😡🤯🥳🤗🙈☕🍕🎂🌹⭐💡"];

/**
 * My reaction to a message, or undefined.
 * @param {Conversation} conversation
 * @param {ChatMessage} message
 */
export function mine({ peer }, { reactions = [] }) {
  return reactions.find(({ by }) => by.some((profileId) => profileId !== peer.profileId))?.emoji;
}

/**
 * The reactions below a message; a press joins in, or takes one's own away. For the keyboard the menu has the same.
 * @param {Conversation} conversation
 * @param {ChatMessage} message
 * @param {(emoji: string | null) => void} react
 */
export function reactionRow(conversation, message, react) {
  const own = mine(conversation, message);
  const { displayName } = conversation.peer;
  return h(
    "div.reactions",
    {},
    (message.reactions ?? []).map(({ emoji, by }) => {
      const names = by.map((profileId) => (profileId === conversation.peer.profileId ? displayName : "you")).join(", ");
      return h(
        "button.reaction",
        {
          type: "button",
          tabindex: "-1",
          title: names,
          "aria-pressed": String(emoji === own),
          onclick: () => react(emoji === own ? null : emoji),
        },
        h("span.emoji", {}, emoji),
        by.length > 1 && String(by.length),
        h("span.visually-hidden", {}, ` by ${names}`),
      );
    }),
  );
}
