import { announce } from "../announcer.js";
import { h } from "../dom.js";
import { icon } from "./icons.js";

/** @type {Record<string, (state: ConnectionState) => string[]>} */
const WORDS = {
  connecting: () => ["Connecting …"],
  connected: ({ transport, version }) => ["Online", `${transport}, STOMP ${version}`],
  waiting: ({ retryAt = 0 }) => [`Reconnecting in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))} s`],
  offline: () => ["No network"],
  cut: () => ["Disconnected", "by you"],
  refused: () => ["Signed out", "a new token is needed"],
};

/** Whether one is online, why not, and a plug to pull to see what the protocol does about it. @param {Person} person */
export function connectionStatus(person) {
  const { connection } = person;
  const text = h("span.words");
  const pill = h("span.status", {}, h("span.dot", { "aria-hidden": "true" }), text);
  const retry = h("button.link", { type: "button", onclick: () => connection.open() }, "Try now");
  const plug = h(
    "button.icon-button.plug",
    { type: "button", onclick: () => (isCut() ? connection.open() : connection.cut()) },
    icon("plug"),
  );
  const element = h("div.connection", {}, pill, retry, plug);
  const timer = setInterval(tick, 500);
  connection.on("state", show);
  show(connection.state);
  return { element, stop: () => clearInterval(timer) };

  /** @param {ConnectionState} state */
  function show(state) {
    element.dataset.phase = state.phase;
    retry.hidden = state.phase !== "waiting";
    const label = isCut() ? "Connect again" : "Disconnect, to see what happens";
    plug.setAttribute("aria-label", label);
    plug.setAttribute("aria-pressed", String(isCut()));
    plug.title = label;
    pill.title = state.reason ?? "";
    tick();
    if (["connected", "offline", "waiting"].includes(state.phase) && state.tries !== 0)
      announce(`${person.name}: ${text.textContent}`);
  }

  function tick() {
    const [word, more] = WORDS[connection.state.phase](connection.state);
    text.replaceChildren(word, h("span.detail", {}, more && ` · ${more}`));
  }

  function isCut() {
    return connection.state.phase === "cut";
  }
}
