/** Days of the calendar in UTC, as texts: 2022-05-01. */

export const DAY_MS = 86_400_000;
/** No coin is older. While a year is being typed a field already has values: 0002-05-01. */
export const EARLIEST = "2009-01-03";

/** Is it a day of the calendar: not 2023-02-31, not a moment? */
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && new Date(text).toJSON()?.slice(0, 10) === text;
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
