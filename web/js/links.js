import { h } from "./dom.js";

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/giu;
const AFTER = /[.,:;!?)\]}»”’…]+$/u; // what ends a sentence ends no address, but for a bracket that opened in it

/** The text with its web addresses as links, each in a window that knows nothing of this one. @param {string} text */
export function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const { 0: match, index } of text.matchAll(LINK)) {
    const address = trimmed(match);
    const url = URL.parse?.(address) ?? parse(address);
    if (!url) continue;
    parts.push(text.slice(end, index), link(url, address));
    end = index + address.length;
  }
  return [...parts, text.slice(end)];
}

/**
 * Shows the address as it is written; one with a name before the host is no link, as it may pretend to be another.
 * @param {URL} url
 * @param {string} address
 */
function link(url, address) {
  if (url.username || url.password) return address;
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow ugc", dir: "ltr" }, address);
}

/** @param {string} match */
function trimmed(match) {
  let address = match;
  for (let tail; (tail = AFTER.exec(address)); ) {
    const closes = tail[0].startsWith(")") && address.slice(0, tail.index).includes("(");
    if (closes) return address.slice(0, tail.index + 1);
    address = address.slice(0, tail.index);
  }
  return address;
}

/** @param {string} address */
function parse(address) {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
