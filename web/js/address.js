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

/** So that a reload finds the same people. @param {string[]} people e-mails */
export function writePeople(people) {
  const query = new URLSearchParams(location.search);
  query.delete("as");
  people.forEach((email) => query.append("as", email));
  history.replaceState(history.state, "", shown(query));
}

/**
 * The address with the open conversation, where there is one person: `open` is `{ peer, intent }` by e-mail.
 * @param {Record<string, OpenChat | null>} open
 */
export function chatQuery(open) {
  const query = new URLSearchParams(location.search);
  const chats = Object.values(open);
  if (chats.length !== 1) return shown(query);
  query.delete("with");
  query.delete("intent");
  if (chats[0]) query.set("with", chats[0].peer);
  if (chats[0] && chats[0].intent !== DEFAULT_INTENT) query.set("intent", chats[0].intent);
  return shown(query);
}

/**
 * Where one person has a window of its own.
 * @param {string} email
 * @param {string | null} peer
 * @param {string} intent
 */
export function windowFor(email, peer, intent) {
  const query = new URLSearchParams({ as: email });
  if (peer) query.set("with", peer);
  if (peer && intent !== DEFAULT_INTENT) query.set("intent", intent);
  return shown(query);
}

/** @param {URLSearchParams} query */
const shown = (query) => (query.size ? `?${query}`.replaceAll("%40", "@") : location.pathname);
