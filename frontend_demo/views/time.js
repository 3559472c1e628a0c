/** Dates in the reader's language. */

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
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

/** @param {Date} date */
function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
