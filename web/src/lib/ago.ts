/** How long ago a moment was, as people say it. */
import { DAY_MS, isDay } from "./days";
import { NOTHING } from "./format";

const MINUTE_MS = 60_000;
const UNITS = [
  ["year", 365.25 * DAY_MS],
  ["month", 30.44 * DAY_MS],
  ["day", DAY_MS],
  ["hour", 60 * MINUTE_MS],
  ["minute", MINUTE_MS],
] as const;
const WORDS = new Intl.RelativeTimeFormat("en");

/** "3 hours ago", "in 2 days", "just now"; of a day without a time, "today". */
export function formatAgo(value: string, now: number): string {
  const away = Date.parse(value) - now;
  if (Number.isNaN(away)) return NOTHING;
  const isWhole = isDay(value);
  if (isWhole && away <= 0 && away > -DAY_MS) return "today";
  const [unit, size] = UNITS.find(([, size]) => Math.abs(away) >= size) ?? [undefined, 1];
  if (!unit) return "just now";
  if (isWhole && (unit === "hour" || unit === "minute")) return WORDS.format(1, "day");
  return WORDS.format(Math.trunc(away / size), unit);
}
