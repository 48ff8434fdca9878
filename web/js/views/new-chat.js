import { DEFAULT_INTENT } from "../address.js";
import { h, uniqueId } from "../dom.js";
import { asProblem } from "../problem.js";

/**
 * Starts a chat with somebody, by e-mail and intent.
 * @param {Person} person
 * @param {() => void} started
 */
export function newChat(person, started) {
  const [emailId, intentId, errorId] = ["email", "intent", "error"].map(uniqueId);
  const error = h("p.problem", { id: errorId, role: "alert" });
  const email = h("input", {
    id: emailId,
    type: "email",
    required: true,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    placeholder: "name@example.org",
    "aria-describedby": errorId,
  });
  const intent = h("input", {
    id: intentId,
    type: "text",
    value: DEFAULT_INTENT,
    maxlength: 64,
    required: true,
    "aria-describedby": errorId,
  });
  const button = h("button.primary", { type: "submit" }, "Chat");
  const form = h(
    "form.new-chat",
    { onsubmit: start, "aria-label": `New chat of ${person.name}` },
    h("label.visually-hidden", { for: emailId }, "E-mail"),
    email,
    h("div.row", {}, h("label", { for: intentId }, "Intent"), intent, button),
    error,
  );
  return { element: form, focus: () => email.focus() };

  /** @param {SubmitEvent} event */
  async function start(event) {
    event.preventDefault();
    error.textContent = "";
    button.disabled = true;
    try {
      await person.chatWith(email.value.trim(), intent.value.trim());
      email.value = "";
      started();
    } catch (problem) {
      error.textContent = asProblem(problem).message;
    } finally {
      button.disabled = false;
    }
  }
}
