/** Says things to screen readers, and to nobody else. */
const region = document.getElementById("announcer");

export function announce(text) {
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50); // the same words twice are news, too
}
