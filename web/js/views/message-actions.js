import { announce } from "../announcer.js";
import { asProblem } from "../problem.js";
import { ask } from "./dialog.js";
import { pickEmoji } from "./emoji-picker.js";
import { OFTEN, mine as myReaction } from "./reactions.js";

/**
 * What can be done with a message, as the items of its menu.
 * @param {Person} person
 * @param {Conversation} conversation
 * @param {ChatMessage} message
 * @param {Compose & { goTo: (seq: number) => void }} to
 * @returns {MenuItem[]}
 */
export function messageActions(person, conversation, message, { edit, reply, goTo }) {
  const mine = conversation.isMine(message);
  /** @type {(MenuItem | false | undefined)[]} */
  const items = [
    person.has("reply") && { label: "Answer", icon: "reply", act: () => reply(message) },
    message.replyTo && {
      label: "Go to what it answers",
      icon: "origin",
      act: () => goTo(/** @type {Quote} */ (message.replyTo).seq),
    },
    person.has("reactions") && {
      label: "React with …",
      icon: "smile",
      act: async () => {
        const emoji = await pickEmoji();
        if (emoji) react(person, conversation, message, emoji);
      },
    },
    { label: "Copy", icon: "copy", act: () => copy(message.content) },
    !mine &&
      person.has("unread") && { label: "Mark as unread", icon: "unread", act: () => markUnread(person, message) },
    mine && person.has("edit") && { label: "Edit", icon: "edit", act: () => edit(message) },
    person.has("delete") && { label: "Delete …", icon: "bin", act: () => remove(person, conversation, message, mine) },
  ];
  return items.filter((item) => !!item);
}

/**
 * The reactions that are used most, as a row of its menu.
 * @param {Person} person
 * @param {Conversation} conversation
 * @param {ChatMessage} message
 * @returns {MenuEmoji[]}
 */
export function reactionChoices(person, conversation, message) {
  if (!person.has("reactions")) return [];
  const own = myReaction(conversation, message);
  return OFTEN.map(([emoji, name]) => {
    const checked = emoji === own;
    return { emoji, name, checked, act: () => react(person, conversation, message, checked ? null : emoji) };
  });
}

/**
 * @param {Person} person
 * @param {Conversation} conversation
 * @param {ChatMessage} message
 * @param {string | null} emoji
 */
export async function react(person, conversation, message, emoji) {
  await person.commands
    .react(conversation, message, emoji)
    .catch((error) => person.emit("notice", asProblem(error).message));
}

/**
 * @param {Person} person
 * @param {Conversation} conversation
 * @param {ChatMessage} message
 * @param {boolean} mine
 */
async function remove(person, conversation, message, mine) {
  const forMe = { value: "me", label: "Delete for me" };
  const forEveryone = { value: "everyone", label: "Delete for everyone" };
  const whom = await ask(
    "Delete the message?",
    mine ? "For everyone, or for you alone." : `${conversation.peer.displayName} keeps it.`,
    mine ? [{ ...forEveryone, kind: "danger" }, forMe] : [{ ...forMe, kind: "danger" }],
  );
  if (whom !== "me" && whom !== "everyone") return;
  await person.commands
    .delete(conversation, message, whom)
    .catch((error) => person.emit("notice", asProblem(error).message));
}

/**
 * Leaves the conversation, which would be seen again at once.
 * @param {Person} person
 * @param {ChatMessage} message
 */
async function markUnread(person, message) {
  person.show(null);
  await person.commands.markUnread(message).catch((error) => person.emit("notice", asProblem(error).message));
}

/** @param {string} text */
async function copy(text) {
  await navigator.clipboard?.writeText(text).then(
    () => announce("Copied"),
    () => announce("The browser does not let the page copy"),
  );
}
