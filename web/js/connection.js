import { Client, TickerStrategy } from "../vendor/stompjs/index.js";
import { delay } from "./backoff.js";
import { Emitter } from "./emitter.js";
import { asProblem } from "./problem.js";
import { sockJsAnswers, transports } from "./sockets.js";

const CONNECT_TIMEOUT = 10_000;
const FALL_BACK_AFTER = 2; // WebSockets that did not open, while HTTP gets through
const RENEW_BEFORE = 60_000;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The STOMP connection of one person, made anew whenever it is lost. Emits
 * - `state`: `{ phase, … }`, see below;
 * - `connected`: to subscribe now;
 * - `lost`.
 *
 * Phases: `connecting`; `connected`; `waiting` until `retryAt` for the next try; `offline`, the browser has no network;
 * `cut`, by the user's wish; `refused`, a new token is needed.
 */
export class Connection extends Emitter {
  /** @type {ConnectionState} */
  state = { phase: "cut" };
  transport;
  /** What the service has switched on, as CONNECTED said last. @type {Set<string>} */
  features = new Set();

  #identity;
  #log;
  /** @type {Client | undefined} */
  #client;
  /** @type {number | undefined} */
  #timer;
  /** @type {number | undefined} */
  #renewal;
  #tries = 0;
  #unopened = 0;
  #chosen;

  /**
   * @param {Identity} identity
   * @param {EventLog} log
   * @param {{ transport?: string | null }} [options]
   */
  constructor(identity, log, { transport } = {}) {
    super();
    this.#identity = identity;
    this.#log = log;
    this.#chosen = transport && transports[transport] ? transport : undefined;
    this.transport = this.#chosen ?? "websocket";
  }

  get connected() {
    return this.state.phase === "connected";
  }

  /** Now, whatever was waited for. */
  async open() {
    clearTimeout(this.#timer);
    this.#drop();
    if (!navigator.onLine) return this.#become({ phase: "offline" });
    this.#become({ phase: "connecting", tries: this.#tries });
    const client = (this.#client = new Client());
    try {
      const token = await this.#identity.token();
      const transport = await this.#prepare();
      if (client === this.#client) this.#activate(client, token, transport);
    } catch (error) {
      if (client !== this.#client) return;
      const problem = asProblem(error);
      if (problem.code === "unauthenticated") this.#refuse(problem.message);
      else this.#wait(problem.message);
    }
  }

  /** Until `open`. */
  cut() {
    this.#leave({ phase: "cut" });
  }

  networkLost() {
    if (this.state.phase !== "cut" && this.state.phase !== "refused") this.#leave({ phase: "offline" });
  }

  networkBack() {
    if (["offline", "waiting"].includes(this.state.phase)) {
      this.#tries = 0;
      this.open();
    }
  }

  /**
   * @param {string} destination
   * @param {object} body
   * @param {Record<string, string>} [headers]
   */
  send(destination, body, headers = {}) {
    this.#client?.publish({
      destination,
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  }

  /**
   * `receive` gets the decoded bodies, and the headers. Returns how to unsubscribe.
   * @param {string} destination
   * @param {(body: any, headers: Record<string, string>) => void} receive
   * @param {Record<string, string>} [headers]
   * @returns {() => void}
   */
  subscribe(destination, receive, headers = {}) {
    const client = this.#client;
    if (!client) return () => {};
    const given = (/** @type {Frame} */ frame) => receive(JSON.parse(frame.body), frame.headers);
    const subscription = client.subscribe(destination, given, headers);
    return () => {
      if (client === this.#client && client.connected) subscription.unsubscribe();
    };
  }

  /**
   * @param {string} id
   * @param {() => void} callback
   */
  onReceipt(id, callback) {
    this.#client?.watchForReceipt(id, callback);
  }

  async #prepare() {
    if (!this.#chosen && this.#unopened >= FALL_BACK_AFTER && (await sockJsAnswers())) this.transport = "sockjs";
    const transport = transports[this.transport];
    await transport.prepare();
    return transport;
  }

  /**
   * @param {Client} client
   * @param {string} token
   * @param {Transport} transport
   */
  #activate(client, token, transport) {
    /** @type {<E>(act: (event: E) => void) => (event: E) => void} */
    const current = (act) => (event) => {
      if (client === this.#client) act(event);
    };
    let opened = false;
    const socket = transport.open(this.#log);
    socket.addEventListener("open", () => (opened = true));
    client.configure({
      webSocketFactory: () => socket,
      connectHeaders: { Authorization: `Bearer ${token}` },
      connectionTimeout: CONNECT_TIMEOUT,
      reconnectDelay: 0, // when to try again is decided here, where it can be shown
      heartbeatStrategy: TickerStrategy.Worker, // the timers of a tab in the background are too slow
      discardWebsocketOnCommFailure: true,
      onConnect: current((/** @type {Frame} */ frame) => this.#connected(frame, transport)),
      onStompError: current((/** @type {Frame} */ frame) => this.#failed(frame)),
      onWebSocketClose: current((/** @type {CloseEvent} */ { code, reason }) => {
        this.#unopened = opened ? -Infinity : this.#unopened + 1; // where one has opened, they get through
        this.#lost(reason || (opened ? `closed (${code})` : "the service cannot be reached"));
      }),
    });
    client.activate();
  }

  /**
   * @param {{ headers: Record<string, string> }} frame
   * @param {Transport} transport
   */
  #connected({ headers }, transport) {
    this.#tries = 0;
    this.features = new Set((headers["chat-features"] ?? "").split(",").filter(Boolean));
    this.#scheduleRenewal();
    this.#become({ phase: "connected", version: headers.version, transport: transport.name });
    this.emit("connected");
  }

  /** The ERROR frame; the service closes after it. @param {{ headers: Record<string, string>, body: string }} frame */
  #failed({ headers, body }) {
    const refusals = ["unauthenticated", "token-expired"];
    if (!this.connected) refusals.push("too-large", "malformed"); // as CONNECT was, it always will be
    if (refusals.includes(headers.message)) {
      this.#identity.forget();
      if (!this.#identity.madeByService) this.#refuse(body || headers.message);
    }
  }

  /** @param {string} reason */
  #lost(reason) {
    this.emit("lost");
    if (!navigator.onLine) this.#leave({ phase: "offline" });
    else this.#wait(reason);
  }

  /** @param {string} reason */
  #wait(reason) {
    this.#drop();
    const wait = delay(this.#tries++);
    this.#become({ phase: "waiting", reason, retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => this.open(), wait);
  }

  /** @param {string} reason */
  #refuse(reason) {
    this.#leave({ phase: "refused", reason });
  }

  /** @param {ConnectionState} state */
  #leave(state) {
    clearTimeout(this.#timer);
    const wasConnected = this.connected;
    this.#drop();
    this.#become(state);
    if (wasConnected) this.emit("lost");
  }

  #drop() {
    clearTimeout(this.#renewal);
    const client = this.#client;
    this.#client = undefined;
    client?.deactivate({ force: true });
  }

  #scheduleRenewal() {
    clearTimeout(this.#renewal);
    if (!this.#identity.madeByService) return;
    const wait = Math.max(1_000, this.#identity.expiresAt - Date.now() - RENEW_BEFORE);
    this.#renewal = setTimeout(() => this.#renew(), Math.min(wait, LONGEST_TIMER));
  }

  /** In place: the connection lives on with the new token. */
  async #renew() {
    const client = this.#client;
    const token = await this.#identity.renew().catch(() => null);
    if (client !== this.#client || !this.connected) return;
    if (token) this.send("/app/auth.renew", {}, { Authorization: `Bearer ${token}` });
    this.#scheduleRenewal();
  }

  /** @param {ConnectionState} state */
  #become(state) {
    this.state = state;
    this.emit("state", state);
  }
}
