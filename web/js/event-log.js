import { Emitter } from "./emitter.js";
import { layOut, pretty, readFrame, summary } from "./stomp-text.js";

const KEPT = 500;

/** What went over the wire, for those who come to learn the protocol. Emits `entry` and `cleared`. */
export class EventLog extends Emitter {
  /** @type {LogEntry[]} */
  entries = [];

  /**
   * `direction` is `in` or `out`.
   * @param {"in" | "out"} direction
   * @param {string} text
   */
  frame(direction, text) {
    const frame = readFrame(text);
    if (frame)
      this.#add({ kind: "frame", direction, title: frame.command, summary: summary(frame), text: pretty(frame) });
    else this.#add({ kind: "beat", direction, title: "♥", summary: "heart-beat", text: "" });
  }

  /**
   * @param {string} line
   * @param {unknown} request
   * @param {unknown} answer
   * @param {number} status
   */
  http(line, request, answer, status) {
    const text = [request && layOut(request), `→ ${status || "no answer"}`, answer && layOut(answer)];
    this.#add({
      kind: "http",
      direction: "out",
      title: line.split(" ")[0],
      summary: `${line.slice(line.indexOf(" ") + 1)} → ${status || "no answer"}`,
      text: text.filter(Boolean).join("\n"),
    });
  }

  /**
   * @param {string} title
   * @param {string} what
   */
  socket(title, what) {
    this.#add({ kind: "socket", direction: "note", title, summary: what, text: "" });
  }

  clear() {
    this.entries = [];
    this.emit("cleared");
  }

  /** @param {Omit<LogEntry, "at">} entry */
  #add(entry) {
    const whole = { ...entry, at: new Date() };
    this.entries.push(whole);
    if (this.entries.length > KEPT) this.entries.shift();
    this.emit("entry", whole);
  }
}
