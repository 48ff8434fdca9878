/** Where the service is: two levels above this file, also behind a proxy that puts it below a path of its own. */
export const BASE = new URL("../../", import.meta.url);

/** @param {string} path */
export function serviceUrl(path) {
  return new URL(path, BASE);
}

/** @param {string} path */
export function socketUrl(path) {
  const url = serviceUrl(path);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
