import { serviceUrl } from "./base-url.js";
import { Problem, unreachable } from "./problem.js";

const TIMEOUT = 15_000;

/**
 * One call; answers its JSON. Throws a Problem.
 * @param {string} method
 * @param {string} path
 * @param {CallOptions} [options]
 */
export async function call(method, path, { query = {}, body, token } = {}) {
  const url = serviceUrl(path);
  for (const [name, value] of Object.entries(query)) if (value != null) url.searchParams.set(name, String(value));
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(url, {
    method,
    headers,
    body: body ? JSON.stringify(body) : undefined,
    signal: AbortSignal.timeout(TIMEOUT),
  }).catch(() => {
    throw unreachable();
  });
  const document = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok)
    throw new Problem(document ?? { status: answer.status, title: `The service answered ${answer.status}` });
  return document;
}
