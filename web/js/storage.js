/**
 * Entries of the browser's storage, as JSON. A storage that is full or switched off keeps nothing, and nothing fails.
 * @param {string} key
 * @param {unknown} value
 */
export function keep(key, value) {
  try {
    if (value == null || value === "") localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // what is on the page is still there
  }
}

/** The entry, or null. @param {string} key */
export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** All entries whose key begins with `prefix`, the oldest first where they have a time `at`. @param {string} prefix */
export function kept(prefix) {
  return keysWith(prefix)
    .map(read)
    .filter(Boolean)
    .sort((a, b) => (a.at ?? "").localeCompare(b.at ?? ""));
}

/** @param {string} prefix */
export function forgetAll(prefix) {
  for (const key of keysWith(prefix)) localStorage.removeItem(key);
}

/** @param {string} prefix */
function keysWith(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
