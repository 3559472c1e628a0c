/** Dates in the reader's language. */

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/** @param {string | number} when */
export const timeOf = (when) => TIME.format(new Date(when));

/** @param {string | number} when */
export const fullTime = (when) => FULL.format(new Date(when));

/** @param {string | number} when */
export function dayOf(when) {
  const date = new Date(when);
  const days = Math.round((startOfDay(new Date()) - startOfDay(date)) / 86_400_000);
  return days === 0 ? "Today" : days === 1 ? "Yesterday" : DAY.format(date);
}

/** The time today, else the day: for lists. @param {string} when */
export function shortTime(when) {
  return dayOf(when) === "Today" ? timeOf(when) : SHORT_DAY.format(new Date(when));
}

/** How long ago in words, or how long until: "5 minutes ago", "in 6 days". @param {string | number} when */
export function relativeTime(when) {
  const seconds = Math.round((Date.parse(String(when)) - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= 0.99 * each) ?? ["second", 1];
  return unit === "second" ? "just now" : RELATIVE.format(Math.round(seconds / size), unit);
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** @param {Date} date */
function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
