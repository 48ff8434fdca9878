import { h } from "../dom.js";
import { notifications } from "../notifications.js";
import { setTheme, theme, themes } from "../theme.js";
import { icon } from "./icons.js";

/** @type {Record<string, string>} */
const NAMES = { auto: "Auto", light: "Light", dark: "Dark" };

/** The choice of light and dark, as radio buttons that look like one switch. */
export function themeChoice() {
  return h(
    "fieldset.theme",
    {},
    h("legend.visually-hidden", {}, "Appearance"),
    themes.map((name) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name: "theme",
          value: name,
          checked: name === theme(),
          onchange: () => setTheme(name),
        }),
        h("span", {}, NAMES[name]),
      ),
    ),
  );
}

/** Switches desktop notifications on and off; null where the browser has none for this page. */
export function notificationSwitch() {
  if (!notifications.possible) return null;
  const button = h(
    "button.icon-button.bell",
    {
      type: "button",
      title: "Desktop notifications",
      "aria-label": "Desktop notifications",
      "aria-pressed": String(notifications.on),
      onclick: async () => button.setAttribute("aria-pressed", String(await notifications.toggle())),
    },
    icon("bell"),
  );
  return button;
}
