/** The element with this id, which the page has. Throws an Error when it has none. @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * `h("button.primary", { type: "button", onclick }, "Send")`. Attributes that are null or false are left out;
 * `on…` are listeners. Text is always text, never markup.
 *
 * @template {string} S
 * @param {S} selector a tag, and classes behind dots
 * @param {Record<string, any> | null} [attributes]
 * @param {...any} children nodes and texts, in lists too; null, false and "" are left out
 * @returns {ElementOf<S>}
 */
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value != null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(3).filter((child) => child != null && child !== false && child !== ""));
  return /** @type {ElementOf<S>} */ (element);
}

/**
 * Brings the children of `parent` into this order, touching nothing that is in its place already.
 * @param {Element} parent
 * @param {Element[]} wanted
 */
export function arrange(parent, wanted) {
  /** @type {Set<Node>} */
  const stay = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!stay.has(child)) child.remove();
  let at = parent.firstChild;
  for (const element of wanted) {
    if (element === at) at = at.nextSibling;
    else parent.insertBefore(element, at);
  }
}

/** Runs `act` once after however many calls, when what called it is through. @param {() => void} act */
export function soon(act) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      act();
    });
  };
}

let ids = 0;
/** @param {string} prefix */
export const uniqueId = (prefix) => `${prefix}-${++ids}`;
