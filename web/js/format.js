const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const precise = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hour12: false,
});
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

const DAY = 86_400_000;
/** @param {When} when */
const midnight = (when) => new Date(when).setHours(0, 0, 0, 0);
/** @param {When} when */
const daysAgo = (when) => Math.round((midnight(Date.now()) - midnight(when)) / DAY);

/** @param {When} when */
export const time = (when) => clock.format(new Date(when));
/** @param {Date} when */
export const preciseTime = (when) => precise.format(when);
/** @param {When} when */
export const fullTime = (when) => full.format(new Date(when));
/**
 * @param {When} a
 * @param {When} b
 */
export const sameDay = (a, b) => midnight(a) === midnight(b);

/** @param {When} when */
export function day(when) {
  const days = daysAgo(when);
  if (days < 2) return days === 1 ? "Yesterday" : "Today";
  return days < 7 ? weekday.format(new Date(when)) : date.format(new Date(when));
}

/** In the middle of a sentence. @param {When} when */
export function lastSeen(when) {
  const days = daysAgo(when);
  if (days > 1) return dayAndTime.format(new Date(when));
  return days === 1 ? `yesterday at ${time(when)}` : `at ${time(when)}`;
}

/** As short as a list has room for. @param {When} when */
export function ago(when) {
  const days = daysAgo(when);
  if (days < 1) return time(when);
  return days === 1 ? "Yesterday" : short.format(new Date(when));
}
