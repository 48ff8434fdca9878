import { h } from "../dom.js";

const HUES = [300, 175, 35, 330, 225, 145, 268, 250, 200, 70];

/** A colour that is always the same for the same person. @param {string} email */
export function hue(email) {
  let hash = 7;
  for (const letter of email) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return HUES[hash % HUES.length];
}

/**
 * @param {string} email
 * @param {string} name
 * @param {string} [presence] shown as a dot where somebody is there
 */
export function avatar(email, name, presence = "") {
  const initials = (name || email)
    .split(/\s+/)
    .map((word) => [...word][0])
    .slice(0, 2)
    .join("");
  const element = h("span.avatar", { "aria-hidden": "true", "data-presence": presence }, initials.toUpperCase());
  element.style.setProperty("--hue", String(hue(email)));
  return element;
}
