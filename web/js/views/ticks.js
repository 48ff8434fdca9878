import { h } from "../dom.js";
import { icon } from "./icons.js";

const STATES = {
  waiting: ["clock", "Waiting to be sent"],
  sent: ["clock", "On its way"],
  accepted: ["tick", "Sent"],
  failed: ["failed", "Not sent"],
  stored: ["tick", "Stored"],
  delivered: ["ticks", "Delivered"],
  seen: ["ticks", "Seen"],
};

/** How far a message of one's own has come. */
export function stateOf({ state, delivered, seen }) {
  if (state) return state;
  if (seen) return "seen";
  return delivered ? "delivered" : "stored";
}

export function ticks(state) {
  const [name, words] = STATES[state];
  return h("span.ticks", { "data-state": state, title: words }, icon(name), h("span.visually-hidden", {}, words));
}
