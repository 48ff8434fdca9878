import { h, uniqueId } from "../dom.js";
import { dialog } from "./dialog.js";
import { MORE, OFTEN } from "./reactions.js";

/**
 * Asks for an emoji: one of many, or any that the keyboard has. Resolves to null when none was chosen.
 * @returns {Promise<string | null>}
 */
export function pickEmoji() {
  const id = uniqueId("emoji");
  const field = h("input", { id, type: "text", autocomplete: "off", maxlength: 32 });
  const form = h(
    "form.row",
    {
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        if (field.value.trim()) element.close(field.value.trim());
      },
    },
    h("label", { for: id }, "Another"),
    field,
    h("button.primary", { type: "submit" }, "React"),
  );
  const choices = [...OFTEN.map(([emoji]) => emoji), ...MORE].map((emoji) =>
    h("button.emoji", { type: "button", onclick: () => element.close(emoji) }, emoji),
  );
  const cancel = h("button.quiet", { type: "button", onclick: () => element.close() }, "Cancel");
  const element = dialog("React with", h("div.emojis", {}, choices), form, h("div.answers", {}, cancel));
  return new Promise((resolve) => {
    element.addEventListener("close", () => resolve(element.returnValue || null));
    element.showModal();
  });
}
