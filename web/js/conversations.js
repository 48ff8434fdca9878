import { Conversation } from "./conversation.js";
import { Emitter } from "./emitter.js";
import { asProblem } from "./problem.js";

const PAGE = 50;
const REFRESH_AFTER = 150;
const COUNTED = 200; // sessions that one answer with unread counts names

/** The conversations of one person. Emits `changed`, and `notice` with one sentence for the person. */
export class Conversations extends Emitter {
  loaded = false;
  /** By sessionId. @type {Map<string, Conversation>} */
  #known = new Map();
  /** @type {string | null} */
  #nextCursor = null;
  /** @type {number | undefined} */
  #refreshing;
  #unreadElsewhere = 0; // in sessions that are not listed here
  #rest;
  #email;

  /**
   * @param {string} email
   * @param {RestApi} rest
   */
  constructor(email, rest) {
    super();
    this.#email = email;
    this.#rest = rest;
  }

  /** Pinned ones first, then the newest activity. */
  get list() {
    const byActivity = (/** @type {Conversation} */ a, /** @type {Conversation} */ b) =>
      Number(b.pinned) - Number(a.pinned) || b.activeAt.localeCompare(a.activeAt);
    return [...this.#known.values()].sort(byActivity);
  }

  get unread() {
    return this.list.reduce((sum, { unread }) => sum + unread, this.#unreadElsewhere);
  }

  get hasMore() {
    return this.#nextCursor !== null;
  }

  /** @param {string} sessionId */
  get(sessionId) {
    return this.#known.get(sessionId);
  }

  changed() {
    this.emit("changed");
  }

  /** What an event tells now. @param {SessionSummary} summary */
  told(summary) {
    this.#put(summary).toldAt = performance.now();
    this.changed();
  }

  /** As the service counts. @param {UnreadTotals} totals */
  count({ total, bySession }) {
    const counts = new Map(bySession.map(({ sessionId, unread }) => [sessionId, unread]));
    const isWhole = bySession.length < COUNTED;
    for (const [sessionId, conversation] of this.#known)
      if (isWhole || counts.has(sessionId)) conversation.count(counts.get(sessionId) ?? 0);
    this.#unreadElsewhere = 0;
    this.#unreadElsewhere = Math.max(0, total - this.unread);
    this.changed();
  }

  /** A session that was opened just now. @param {Pick<SessionSummary, "sessionId" | "intent" | "peer">} opened */
  begun(opened) {
    const nothing = { lastMessage: null, unreadCount: 0, lastSeq: 0, createdAt: new Date().toISOString() };
    this.told({ ...opened, ...nothing });
  }

  /** The newest page, as the service has it. Throws a Problem. */
  async refresh() {
    await this.#read();
    this.loaded = true;
    this.changed();
  }

  /** Like `refresh`, once for however many calls; what goes wrong is a notice. */
  refreshSoon() {
    clearTimeout(this.#refreshing);
    this.#refreshing = setTimeout(() => this.tryRefresh(), REFRESH_AFTER);
  }

  async tryRefresh() {
    await this.refresh().catch((error) => this.emit("notice", asProblem(error).message));
  }

  async loadMore() {
    await this.#read(this.#nextCursor).catch((error) => this.emit("notice", asProblem(error).message));
    this.changed();
  }

  /** Drops those that the service has not told of since then. @param {number} since as performance.now() has it */
  keepToldSince(since) {
    for (const [sessionId, { toldAt }] of this.#known) if (toldAt < since) this.#known.delete(sessionId);
    this.changed();
  }

  /** @param {string | null} [cursor] */
  async #read(cursor) {
    const askedAt = performance.now();
    const { sessions, nextCursor } = await this.#rest.sessions({ limit: PAGE, cursor });
    this.#nextCursor = nextCursor;
    for (const summary of sessions) if ((this.get(summary.sessionId)?.toldAt ?? 0) < askedAt) this.#put(summary);
  }

  /** @param {SessionSummary} summary */
  #put(summary) {
    const known = this.#known.get(summary.sessionId);
    const conversation = known ?? new Conversation(this.#email, summary);
    if (known) known.summarize(summary);
    else this.#known.set(summary.sessionId, conversation);
    return conversation;
  }
}
