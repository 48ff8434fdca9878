const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const precise = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hour12: false,
});
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

const DAY = 86_400_000;
const midnight = (when) => new Date(when).setHours(0, 0, 0, 0);
const daysAgo = (when) => Math.round((midnight(Date.now()) - midnight(when)) / DAY);

export const time = (when) => clock.format(new Date(when));
export const preciseTime = (when) => precise.format(when);
export const fullTime = (when) => full.format(new Date(when));
export const sameDay = (a, b) => midnight(a) === midnight(b);

export function day(when) {
  const ago = daysAgo(when);
  if (ago < 2) return ago === 1 ? "Yesterday" : "Today";
  return ago < 7 ? weekday.format(new Date(when)) : date.format(new Date(when));
}

/** As short as a list has room for. */
export function ago(when) {
  const days = daysAgo(when);
  if (days < 1) return time(when);
  return days === 1 ? "Yesterday" : short.format(new Date(when));
}
