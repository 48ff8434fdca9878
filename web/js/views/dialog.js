import { h, uniqueId } from "../dom.js";

/**
 * Asks in a dialog. Resolves to the value of the answer that was chosen, to null when it was closed without one.
 * @param {string} title
 * @param {string} text
 * @param {{ value: string, label: string, kind?: "primary" | "danger" | "quiet" }[]} answers
 * @returns {Promise<string | null>}
 */
export function ask(title, text, answers) {
  const buttons = answers.map(({ value, label, kind = "quiet" }) =>
    h(`button.${kind}`, { type: "button", onclick: () => element.close(value) }, label),
  );
  const cancel = h("button.quiet", { type: "button", onclick: () => element.close() }, "Cancel");
  const element = dialog(title, h("p", {}, text), h("div.answers", {}, buttons, cancel));
  return new Promise((resolve) => {
    element.addEventListener("close", () => resolve(element.returnValue || null));
    element.showModal();
  });
}

/**
 * A dialog that goes away when it is closed: by its buttons, by Escape, and by a click beside it.
 * @param {string} title
 * @param {...any} children
 */
export function dialog(title, ...children) {
  const id = uniqueId("dialog");
  const element = h(
    "dialog.card",
    {
      "aria-labelledby": id,
      onclick: (/** @type {MouseEvent} */ { target }) => target === element && element.close(),
      onclose: () => element.remove(),
    },
    h("div.inside", {}, h("h2", { id }, title), children),
  );
  document.body.append(element);
  return element;
}
