import { h } from "../dom.js";
import { setTheme, theme, themes } from "../theme.js";

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
