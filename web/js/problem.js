/** A refusal of the service (RFC 9457), over HTTP or on /user/queue/error. Programs look at `code`. */
export class Problem extends Error {
  /** @param {ProblemDocument} [document] */
  constructor({ code = "failed", title = "It did not work", detail, status = 0, field, clientMessageId } = {}) {
    super(detail || title);
    this.code = code;
    this.title = title;
    this.status = status;
    this.field = field;
    this.clientMessageId = clientMessageId;
  }

  /** Whether the same thing may succeed later. */
  get passes() {
    return ["unavailable", "rate-limited", "unreachable", "internal"].includes(this.code);
  }
}

/** What a catch has caught, as a Problem: anything else is a fault of the page's own, and its words are told too. */
export const asProblem = (/** @type {unknown} */ error) =>
  error instanceof Problem ? error : new Problem({ title: error instanceof Error ? error.message : String(error) });

export const unreachable = () => new Problem({ code: "unreachable", title: "The service cannot be reached" });
