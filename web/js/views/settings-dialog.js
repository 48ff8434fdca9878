import { h, uniqueId } from "../dom.js";
import { asProblem } from "../problem.js";
import { dialog } from "./dialog.js";

/** @type {[name: keyof Shows, label: string, hint: string][]} */
const CHOICES = [
  ["seenReceipts", "What I have read", "Others see when you have read their messages, and you see when they have."],
  ["deliveredReceipts", "What has reached me", "The same when a message has reached a device."],
  ["typing", "That I am typing", "Others see it, and you see it of them."],
  ["presence", "That I am online", "Others see when you are there and when you were last, and you see it of them."],
];

/** Asks what one shows of oneself. @param {Person} person */
export async function showSettings(person) {
  const shows = await person.settings.read().catch((error) => person.emit("notice", asProblem(error).message));
  if (!shows) return;
  const error = h("p.problem", { role: "alert" });
  const boxes = CHOICES.map(([name, label, hint]) => {
    const [id, hintId] = ["shows", "hint"].map(uniqueId);
    const box = h("input", { id, type: "checkbox", name, checked: shows[name], "aria-describedby": hintId });
    const row = h("div.choice", {}, box, h("label", { for: id }, label), h("p.hint", { id: hintId }, hint));
    return { name, box, row };
  });
  const save = h("button.primary", { type: "submit" }, "Save");
  const cancel = h("button.quiet", { type: "button", onclick: () => element.close() }, "Cancel");
  const form = h(
    "form",
    { onsubmit: submit },
    h("fieldset", {}, h("legend.hint", {}, "Others see of you:"), boxes.map(({ row }) => row)),
    error,
    h("div.answers", {}, save, cancel),
  );
  const element = dialog(`Privacy of ${person.name}`, form);
  element.showModal();

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    save.disabled = true;
    try {
      await person.settings.save(Object.fromEntries(boxes.map(({ name, box }) => [name, box.checked])));
      element.close();
    } catch (problem) {
      error.textContent = asProblem(problem).message;
      save.disabled = false;
    }
  }
}
