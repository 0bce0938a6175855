/** Geometry of a chart of series over days. Pure. */
import { DAY_MS } from "../lib/days";

export interface Line {
  name: string;
  /** One a day; null: there is none, and the line has a gap. */
  values: readonly (number | null)[];
}

export interface Tick {
  at: number;
  text: string;
}

const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60];
const DAY_STEPS = [1, 2, 7, 14];

/** Every calendar day from the first to the last, so that a day without a value is a gap. */
export function listDays(first: string, last: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}

/** Lowest and highest value; undefined without any. */
export function findRange(lines: readonly Line[]): [number, number] | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const line of lines) {
    for (const value of line.values) {
      if (value === null) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return low <= high ? [low, high] : undefined;
}

/** Round values, about `count` of them, that enclose the range. */
export function listSteps([low, high]: readonly [number, number], count: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((one) => one * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Beginnings of years, months or days, at most about `count` of them; `at` is the place among the days. */
export function listDayTicks(days: readonly string[], count: number): Tick[] {
  const short = days.length / count < 20;
  if (short) {
    const step = DAY_STEPS.find((one) => days.length / one <= count) ?? 28;
    return days.flatMap((day, at) => (at % step === 0 ? [{ at, text: nameDay(day, { day: "numeric", month: "short" }) }] : []));
  }
  const months = MONTH_STEPS.find((one) => days.length / (one * 30.4) <= count) ?? 120;
  return days.flatMap((day, at) => {
    const [year, month, date] = day.split("-").map(Number) as [number, number, number];
    if (date !== 1 || (year * 12 + month - 1) % months !== 0) return [];
    return [{ at, text: month === 1 ? String(year) : nameDay(day, { month: "short" }) }];
  });
}

function nameDay(day: string, parts: Intl.DateTimeFormatOptions): string {
  return new Date(day).toLocaleDateString("en-GB", { ...parts, timeZone: "UTC" });
}

/** The line as SVG path; a gap begins it anew, and a lone day is a dot. */
export function drawPath(values: readonly (number | null)[], x: (at: number) => number, y: (value: number) => number): string {
  let path = "";
  values.forEach((value, at) => {
    if (value === null) return;
    const place = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    const begins = (values[at - 1] ?? null) === null;
    const alone = begins && (values[at + 1] ?? null) === null;
    path += begins ? `M${place}${alone ? "h0.1" : ""}` : `L${place}`;
  });
  return path;
}
