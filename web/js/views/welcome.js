import { h } from "../dom.js";
import { signIn } from "./sign-in.js";

/**
 * What somebody sees who has just come. `demo` opens two people side by side.
 * @param {About} about
 * @param {{ signedIn: (identity: Identity) => void, demo: () => void }} options
 */
export function welcome(about, { signedIn, demo }) {
  const form = signIn(about, { signedIn });
  const element = h(
    "div.welcome",
    {},
    h(
      "div.intro",
      {},
      h("h2", {}, "Chat that does not lose a word"),
      h(
        "p",
        {},
        "One-to-one messages over STOMP and WebSocket: stored before they are acknowledged, delivered in order, ",
        "and resumed where a lost connection left off.",
      ),
      about.devTokens && h("button.primary.large", { type: "button", onclick: demo }, "Be Ann and Bob, side by side"),
      about.devTokens &&
        h("p.hint", {}, "Write as one, read as the other; pull the plug of either and see what happens."),
    ),
    form.element,
  );
  return { element, focus: () => {} };
}
