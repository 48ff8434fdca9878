import { byId } from "./dom.js";

/** Says things to screen readers, and to nobody else. */
const region = byId("announcer");

/** @param {string} text */
export function announce(text) {
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50); // the same words twice are news, too
}
