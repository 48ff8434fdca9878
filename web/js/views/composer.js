import { h, uniqueId } from "../dom.js";
import { asProblem } from "../problem.js";
import { ComposerSubject } from "./composer-subject.js";
import { icon } from "./icons.js";

const MAX = 4_000; // characters as the service counts them: an emoji is one, or as many as it is made of
const TELL_FROM = 3_500;

/**
 * Where one writes: Enter sends, Shift+Enter is a new line, Arrow up edits one's last message. A text that is too long
 * is kept, and told. `sent` is called after each message.
 *
 * @param {Person} person
 * @param {Conversation} conversation
 * @param {() => void} sent
 */
export function composer(person, conversation, sent) {
  const peerName = conversation.peer.displayName;
  const [id, leftId] = ["message", "left"].map(uniqueId);
  const subject = new ComposerSubject(end);
  const left = h("span.left", { id: leftId, "aria-live": "polite" });
  const field = h("textarea", {
    id,
    rows: 1,
    dir: "auto",
    placeholder: `Message ${peerName}`,
    enterkeyhint: "send",
    autocomplete: "off",
    "aria-describedby": leftId,
    oninput: typed,
    onkeydown: pressed,
    onblur: () => person.typing.stop(conversation.sessionId),
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
    subject.element,
    h("label.visually-hidden", { for: id }, `Message to ${peerName}`),
    field,
    left,
    button,
  );
  const stop = conversation.on("draft", () => !subject.edited && write(conversation.draft.text));
  write(conversation.draft.text);
  return { element: form, focus: () => field.focus(), edit, reply, stop };

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && (subject.edited || subject.answered)) {
      end();
    } else if (event.key === "ArrowUp" && !field.value && person.has("edit")) {
      const last = conversation.messages.findLast((message) => conversation.isMine(message) && !message.deleted);
      if (!last) return;
      event.preventDefault();
      edit(last);
    }
  }

  function submit() {
    const content = field.value;
    if (!content.trim() || room(content) < 0) return;
    if (subject.edited) {
      save(subject.edited, content);
      return;
    }
    write("");
    person.send(conversation, content, subject.answered?.seq);
    subject.clear();
    sent();
  }

  /** @param {ChatMessage} message */
  function edit(message) {
    subject.edit(message);
    write(message.content);
    field.focus();
  }

  /** What is written already is the answer. @param {ChatMessage} message */
  function reply(message) {
    if (subject.edited) end();
    subject.reply(message, conversation.isMine(message) ? "yourself" : peerName);
    field.focus();
  }

  /**
   * The text stays in the field until it is stored.
   * @param {ChatMessage} message
   * @param {string} content
   */
  async function save(message, content) {
    button.disabled = true;
    try {
      if (content !== message.content) await person.commands.edit(conversation, message, content);
      if (subject.edited === message) end();
    } catch (problem) {
      person.emit("notice", asProblem(problem).message);
      changed();
    }
  }

  /** Goes back to what one was writing before. */
  function end() {
    if (subject.edited) write(conversation.draft.text);
    subject.clear();
    field.focus();
  }

  /** @param {string} text */
  function write(text) {
    field.value = text;
    queueMicrotask(changed); // when the field has its place
  }

  function typed() {
    if (field.value) person.typing.type(conversation.sessionId);
    else person.typing.stop(conversation.sessionId);
    changed();
  }

  function changed() {
    if (!subject.edited) {
      conversation.draft.text = field.value;
      if (conversation.draft.isNew) person.drafts.changed(conversation);
    }
    const characters = room(field.value);
    button.disabled = !field.value.trim() || characters < 0;
    button.setAttribute("aria-label", subject.edited ? "Save" : "Send");
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
