// Numbers and moments as people read them.

const COUNT = new Intl.NumberFormat("en", { notation: "compact" });
const FULL = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const DAY_OF_YEAR = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const MONTH = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" });

export const count = (number) => COUNT.format(number);
export const moment = (iso) => FULL.format(new Date(iso));
export const month = (iso) => MONTH.format(new Date(iso));
export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** A message of the API as people write sentences. */
export const sentence = (message) => message[0].toUpperCase() + message.slice(1) + (/[.!?…]$/.test(message) ? "" : ".");

/** How long ago: "now", "5m", "3h", then the day. */
export function ago(iso, now = Date.now()) {
  const at = new Date(iso);
  const seconds = Math.max(0, (now - at) / 1000);
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return (at.getFullYear() === new Date(now).getFullYear() ? DAY : DAY_OF_YEAR).format(at);
}
