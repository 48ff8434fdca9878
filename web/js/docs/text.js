import { h } from "../dom.js";

/** A description: plain text, in which `this` is code. @param {string | undefined} text */
export function prose(text) {
  return (text ?? "").split(/(`[^`]+`)/).map((part) => (/^`.+`$/.test(part) ? h("code", {}, part.slice(1, -1)) : part));
}

/** A word that can stand in an address. @param {...string} words */
export function slug(...words) {
  return words
    .join("-")
    .replaceAll(/[^\w]+/g, "-")
    .replace(/^-|-$/g, "")
    .toLowerCase();
}

/**
 * @param {{ $ref: string }} reference
 * @returns {string}
 */
export function nameOf({ $ref }) {
  return $ref.split("/").at(-1) ?? "";
}

/**
 * What a `$ref` of this document points to.
 * @param {any} document
 * @param {any} thing
 * @returns {any}
 */
export function resolve(document, thing) {
  if (!thing?.$ref) return thing;
  const path = thing.$ref
    .slice(2)
    .split("/")
    .map((/** @type {string} */ step) => decodeURIComponent(step.replaceAll("~1", "/").replaceAll("~0", "~")));
  return resolve(
    document,
    path.reduce((/** @type {any} */ at, /** @type {string} */ step) => at?.[step], document),
  );
}
