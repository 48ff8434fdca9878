import { h } from "../dom.js";
import { lastSeen } from "../format.js";

const DOING = { typing: "typing …", recording: "recording …" };

/**
 * What the peer does now, in words; "" where nothing is known.
 * @param {Person} person
 * @param {Conversation} conversation
 */
export function doing({ typing }, { sessionId }) {
  const state = typing.of(sessionId);
  return state ? DOING[state] : "";
}

/**
 * The line under the name: whether the peer types, is there, or when it was there last.
 * @param {Person} person
 * @param {Conversation} conversation
 */
export function peerLine(person, conversation) {
  const words = h("span.presence");
  const off = [person.presence.on("changed", show), person.typing.on("changed", show)];
  show();
  return { element: words, stop: () => off.forEach((end) => end()) };

  function show() {
    const presence = person.presence.of(conversation.peer.profileId);
    words.dataset.state = presence?.state ?? "unknown";
    words.textContent = doing(person, conversation) || (presence ? WORDS[presence.state](presence) : "");
  }
}

/** @type {Record<PresenceOf["state"], (presence: PresenceOf) => string>} */
const WORDS = {
  online: () => "online",
  away: () => "away",
  offline: ({ lastSeenAt }) => (lastSeenAt ? `last seen ${lastSeen(lastSeenAt)}` : "offline"),
};
