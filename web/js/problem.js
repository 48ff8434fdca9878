/** A refusal of the service (RFC 9457), over HTTP or on /user/queue/error. Programs look at `code`. */
export class Problem extends Error {
  constructor({ code = "failed", title = "It did not work", detail, status = 0, field, clientMessageId } = {}) {
    super(detail || title);
    Object.assign(this, { code, title, status, field, clientMessageId });
  }

  /** Whether the same thing may succeed later. */
  get passes() {
    return ["unavailable", "rate-limited", "unreachable", "internal"].includes(this.code);
  }
}

export const unreachable = () => new Problem({ code: "unreachable", title: "The service cannot be reached" });
