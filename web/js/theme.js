const KEY = "chat-service:theme";
const THEMES = ["auto", "light", "dark"];

export const themes = THEMES;

export function theme() {
  const kept = localStorage.getItem(KEY);
  return THEMES.includes(kept) ? kept : "auto";
}

export function setTheme(name) {
  localStorage.setItem(KEY, name);
  apply();
}

function apply() {
  document.documentElement.dataset.theme = theme();
}

apply();
