import { h, uniqueId } from "../dom.js";
import { Identity } from "../identity.js";
import { asProblem } from "../problem.js";

/**
 * By e-mail where the service makes tokens, else by a token that one has. `signedIn` gets the identity;
 * `reason` is why the last token was refused.
 *
 * @param {About} about
 * @param {{ signedIn: (identity: Identity) => void, close?: () => void, email?: string, reason?: string }} options
 */
export function signIn(about, { signedIn, close, email: known = "", reason = "" }) {
  const [fieldId, errorId] = ["sign-in", "error"].map(uniqueId);
  const error = h("p.problem", { id: errorId, role: "alert" }, reason);
  const field = about.devTokens ? emailField() : tokenField();
  const button = h("button.primary", { type: "submit" }, "Sign in");
  const form = h(
    "form.sign-in.card",
    { onsubmit: submit },
    h("h2", {}, "Sign in"),
    h("label", { for: fieldId }, about.devTokens ? "E-mail" : "Token"),
    field,
    h(
      "p.hint",
      {},
      about.devTokens
        ? "Any address will do: this service makes up a profile for it."
        : "A JWT of yours. It stays in this tab.",
    ),
    error,
    h("div.row", {}, button, close && h("button.quiet", { type: "button", onclick: close }, "Cancel")),
  );
  return { element: form, focus: () => field.focus() };

  function emailField() {
    return h("input", {
      id: fieldId,
      type: "email",
      required: true,
      value: known,
      autocomplete: "email",
      placeholder: "you@example.org",
      "aria-describedby": errorId,
    });
  }

  function tokenField() {
    return h("textarea.token", {
      id: fieldId,
      required: true,
      rows: 4,
      spellcheck: "false",
      autocomplete: "off",
      "aria-describedby": errorId,
    });
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    error.textContent = "";
    button.disabled = true;
    try {
      const identity = about.devTokens
        ? new Identity(field.value, { madeByService: true })
        : Identity.ofToken(field.value);
      await identity.token();
      signedIn(identity);
    } catch (problem) {
      error.textContent = asProblem(problem).message;
      field.focus();
    } finally {
      button.disabled = false;
    }
  }
}
