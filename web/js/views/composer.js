import { h, uniqueId } from "../dom.js";
import { icon } from "./icons.js";

const MAX = 4_000; // characters as the service counts them: an emoji is one, or as many as it is made of
const TELL_FROM = 3_500;

/**
 * Where one writes: Enter sends, Shift+Enter is a new line. A text that is too long is kept, and told.
 * @param {Conversation} conversation
 * @param {(content: string) => void} send
 */
export function composer(conversation, send) {
  const peerName = conversation.peer.displayName;
  const [id, leftId] = ["message", "left"].map(uniqueId);
  const left = h("span.left", { id: leftId, "aria-live": "polite" });
  const field = h("textarea", {
    id,
    rows: 1,
    placeholder: `Message ${peerName}`,
    enterkeyhint: "send",
    autocomplete: "off",
    "aria-describedby": leftId,
    oninput: changed,
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      submit();
    },
  });
  const button = h("button.primary.send", { type: "submit", "aria-label": "Send", disabled: true }, icon("send"));
  const form = h(
    "form.composer",
    {
      onsubmit: (/** @type {SubmitEvent} */ event) => {
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
  queueMicrotask(changed);
  return { element: form, focus: () => field.focus() };

  function submit() {
    const content = field.value;
    if (!content.trim() || room(content) < 0) return;
    field.value = "";
    changed();
    send(content);
  }

  function changed() {
    conversation.draft = field.value;
    const characters = room(field.value);
    button.disabled = !field.value.trim() || characters < 0;
    grow();
    left.classList.toggle("problem", characters < 0);
    if (characters < 0) left.textContent = `${-characters} too many`;
    else left.textContent = characters <= MAX - TELL_FROM ? String(characters) : "";
    field.setAttribute("aria-invalid", String(characters < 0));
  }

  /** As high as its text. The form keeps its height while that is measured: the list above would lose its place. */
  function grow() {
    form.style.setProperty("min-height", `${form.offsetHeight}px`);
    field.style.setProperty("height", "auto");
    field.style.setProperty("height", `${field.scrollHeight + 2}px`);
    form.style.removeProperty("min-height");
  }
}

/** @param {string} text */
const room = (text) => MAX - [...text].length;
