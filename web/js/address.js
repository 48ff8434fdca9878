/**
 * What the page's address says: `?as=ann@example.org&as=bob@example.org` are the people side by side,
 * `with=` and `intent=` the chat to open. A token is never in an address.
 */
export const DEFAULT_INTENT = "friends";

export function readAddress() {
  const query = new URLSearchParams(location.search);
  return {
    people: [
      ...new Set(
        query
          .getAll("as")
          .map((email) => email.trim().toLowerCase())
          .filter(Boolean),
      ),
    ],
    peer: query.get("with")?.trim().toLowerCase() || null,
    intent: query.get("intent")?.trim() || DEFAULT_INTENT,
    transport: query.get("transport"),
  };
}

/** So that a reload finds the same people. */
export function writePeople(people) {
  const query = new URLSearchParams(location.search);
  query.delete("as");
  people.forEach((email) => query.append("as", email));
  history.replaceState(null, "", query.size ? `?${query}`.replaceAll("%40", "@") : location.pathname);
}

/** Where one person has a window of its own. */
export function windowFor(email, peer, intent) {
  const query = new URLSearchParams({ as: email });
  if (peer) query.set("with", peer);
  if (peer && intent !== DEFAULT_INTENT) query.set("intent", intent);
  return `?${query}`.replaceAll("%40", "@");
}
