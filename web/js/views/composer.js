import { h, uniqueId } from "../dom.js";
import { icon } from "./icons.js";

const MAX = 4_000;
const TELL_FROM = 3_500;

/** Where one writes: Enter sends, Shift+Enter is a new line. */
export function composer(conversation, send) {
  const peerName = conversation.peer.displayName;
  const id = uniqueId("message");
  const left = h("span.left", { "aria-live": "polite" });
  const field = h("textarea", {
    id,
    rows: 1,
    maxlength: MAX,
    placeholder: `Message ${peerName}`,
    enterkeyhint: "send",
    autocomplete: "off",
    oninput: grow,
    onkeydown: (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      submit();
    },
  });
  const button = h("button.primary.send", { type: "submit", "aria-label": "Send", disabled: true }, icon("send"));
  const form = h(
    "form.composer",
    {
      onsubmit: (event) => {
        event.preventDefault();
        submit();
      },
    },
    h("label.visually-hidden", { for: id }, `Message to ${peerName}`),
    field,
    left,
    button,
  );
  field.value = conversation.draft;
  queueMicrotask(grow);
  return { element: form, focus: () => field.focus() };

  function submit() {
    const content = field.value;
    if (!content.trim()) return;
    field.value = "";
    grow();
    send(content);
  }

  function grow() {
    conversation.draft = field.value; // kept while one looks at another conversation
    button.disabled = !field.value.trim();
    field.style.setProperty("height", "auto");
    field.style.setProperty("height", `${field.scrollHeight + 2}px`);
    left.textContent = field.value.length >= TELL_FROM ? String(MAX - field.value.length) : "";
  }
}
