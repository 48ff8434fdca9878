/** STOMP frames as people read them. What is sent and parsed is stompjs's business; this is for showing alone. */

const MASK = "Bearer •••";

/**
 * `{ command, headers, body }` of the text of one frame, or null for a heart-beat.
 * @param {string} text
 * @returns {FrameText | null}
 */
export function readFrame(text) {
  const clean = text.replace(/^[\r\n]+/, "").replace(/\0[\r\n]*$/, "");
  if (!clean) return null;
  const end = clean.search(/\r?\n\r?\n/);
  const head = (end < 0 ? clean : clean.slice(0, end)).split(/\r?\n/);
  const body = end < 0 ? "" : clean.slice(end).replace(/^\r?\n\r?\n/, "");
  const headers = head.slice(1).map((line) => {
    const colon = line.indexOf(":");
    /** @type {Header} */
    const header = [line.slice(0, colon), line.slice(colon + 1)];
    return masked(header);
  });
  return { command: head[0], headers, body };
}

/** The one or two words that tell one frame from the next. @param {FrameText} frame */
export function summary({ headers, body }) {
  const of = (/** @type {string} */ name) => headers.find(([header]) => header === name)?.[1];
  const after = of("resume-after");
  const parts = [
    of("destination"),
    of("event-type"),
    after && `resume-after ${short(after)}`,
    of("replay") && `replay ${of("replay")}`,
    of("seq") && `seq ${of("seq")}`,
    of("receipt-id") && `receipt ${of("receipt-id")}`,
    of("version") && `version ${of("version")}`,
    of("message"),
    !of("destination") && !of("receipt-id") && of("id"),
  ];
  return parts.filter(Boolean).join(" · ") || body.slice(0, 60);
}

/** A token is long, and its beginning tells one from the next no better than its end. @param {string} text */
const short = (text) => (text.length > 16 ? `…${text.slice(-12)}` : text);

/** The frame with its JSON laid out. @param {FrameText} frame */
export function pretty({ command, headers, body }) {
  return [command, ...headers.map(([name, value]) => `${name}:${value}`), "", layOut(body)].join("\n").trimEnd();
}

/** @param {unknown} json */
export function layOut(json) {
  try {
    return JSON.stringify(typeof json === "string" ? JSON.parse(json) : json, null, 2);
  } catch {
    return String(json ?? "");
  }
}

/**
 * @param {Header} header
 * @returns {Header}
 */
function masked([name, value]) {
  return [name, name.toLowerCase() === "authorization" ? MASK : value];
}
