import { Emitter } from "./emitter.js";

const PAUSE = 3_000; // between two times that one tells it; the service passes on one in 2 s
const SHOWN = 6_000; // so long the other side shows it

/** Who types to one, and telling others that one types. Emits `changed`. */
export class Typing extends Emitter {
  /** By sessionId. @type {Map<string, { state: "typing" | "recording", timer: number }>} */
  #others = new Map();
  #connection;
  #toldAt = -Infinity;
  #toldIn = "";

  /** @param {Connection} connection */
  constructor(connection) {
    super();
    this.#connection = connection;
  }

  /** What the other one does in a session, or undefined. @param {string} sessionId */
  of(sessionId) {
    return this.#others.get(sessionId)?.state;
  }

  /** @param {{ sessionId: string, state: "typing" | "recording" | "stopped", expiresIn: number }} event */
  told({ sessionId, state, expiresIn }) {
    this.ended(sessionId);
    if (state === "stopped") return;
    const timer = setTimeout(() => this.ended(sessionId), expiresIn * 1_000);
    this.#others.set(sessionId, { state, timer });
    this.emit("changed");
  }

  /** As by a message. @param {string} sessionId */
  ended(sessionId) {
    clearTimeout(this.#others.get(sessionId)?.timer);
    if (this.#others.delete(sessionId)) this.emit("changed");
  }

  /** I have typed. @param {string} sessionId */
  type(sessionId) {
    if (sessionId === this.#toldIn && performance.now() - this.#toldAt < PAUSE) return;
    this.#tell(sessionId, "typing");
    this.#toldIn = sessionId;
    this.#toldAt = performance.now();
  }

  /** I have stopped without sending anything. @param {string} sessionId */
  stop(sessionId) {
    if (sessionId === this.#toldIn && performance.now() - this.#toldAt < SHOWN) this.#tell(sessionId, "stopped");
    this.sent();
  }

  /** A message ends it by itself. */
  sent() {
    this.#toldIn = "";
  }

  /**
   * @param {string} sessionId
   * @param {"typing" | "stopped"} state
   */
  #tell(sessionId, state) {
    const { connected, features } = this.#connection;
    if (connected && features.has("typing")) this.#connection.send("/app/chat.typing", { sessionId, state });
  }
}
