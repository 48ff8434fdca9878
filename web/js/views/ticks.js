import { h } from "../dom.js";
import { icon } from "./icons.js";

/** @type {Record<string, ["clock" | "tick" | "ticks" | "failed", string]>} */
const STATES = {
  waiting: ["clock", "Waiting to be sent"],
  sent: ["clock", "On its way"],
  accepted: ["tick", "Sent"],
  failed: ["failed", "Not sent"],
  stored: ["tick", "Stored"],
  delivered: ["ticks", "Delivered"],
  seen: ["ticks", "Seen"],
};

/** How far a message of one's own has come. @param {{ state?: string, delivered?: boolean, seen?: boolean }} message */
export function stateOf({ state, delivered, seen }) {
  if (state) return state;
  if (seen) return "seen";
  return delivered ? "delivered" : "stored";
}

/** @param {string} state */
export function ticks(state) {
  const [name, words] = STATES[state];
  return h("span.ticks", { "data-state": state, title: words }, icon(name), h("span.visually-hidden", {}, words));
}
