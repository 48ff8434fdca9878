import { asProblem } from "../problem.js";

const HOUR = 3_600_000;
const FOREVER = "9999-12-31T00:00:00Z";

/**
 * What can be done with a conversation, as the items of its menu.
 * @param {Person} person
 * @param {Conversation} conversation
 * @returns {MenuItem[]}
 */
export function conversationActions(person, conversation) {
  const { pinned, archived, muted } = conversation;
  /** @type {(change: StateChange) => () => void} */
  const set = (change) => () => {
    person.commands.setState(conversation, change).catch((error) => person.emit("notice", asProblem(error).message));
  };
  const muteFor = (/** @type {number} */ hours) => () =>
    set({ mutedUntil: new Date(Date.now() + hours * HOUR).toISOString() })();
  return [
    { label: pinned ? "Unpin" : "Pin", icon: "pin", act: set({ pinned: !pinned }) },
    archived
      ? { label: "Take out of the archive", icon: "archive", act: set({ archived: false }) }
      : { label: "Archive", icon: "archive", act: set({ archived: true }) },
    ...(muted
      ? [{ label: "Unmute", icon: BELL, act: set({ mutedUntil: null }) }]
      : [
          { label: "Mute for 8 hours", icon: MUTED, act: muteFor(8) },
          { label: "Mute for a week", icon: MUTED, act: muteFor(7 * 24) },
          { label: "Mute", icon: MUTED, act: set({ mutedUntil: FOREVER }) },
        ]),
  ];
}

const BELL = /** @type {const} */ ("bell");
const MUTED = /** @type {const} */ ("muted");
