const KEY = "chat-service:theme";
const THEMES = ["auto", "light", "dark"];

export const themes = THEMES;

export function theme() {
  const kept = localStorage.getItem(KEY);
  return kept !== null && THEMES.includes(kept) ? kept : "auto";
}

/** @param {string} name */
export function setTheme(name) {
  localStorage.setItem(KEY, name);
  apply();
}

function apply() {
  document.documentElement.dataset.theme = theme();
}

apply();
