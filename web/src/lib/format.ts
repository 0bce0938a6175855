/** How numbers and moments are written everywhere. Values come as decimal strings; null is "–". */

export const NOTHING = "–";

type Value = string | number | null | undefined;

function toNumber(value: Value): number | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** A price with as many places as its size needs: 104,250.31, 0.5123, 0.00001234. */
export function formatPrice(value: Value): string {
  const number = toNumber(value);
  if (number === undefined) return NOTHING;
  const size = Math.abs(number);
  const places = size >= 100 ? 2 : size >= 1 ? 4 : size === 0 ? 2 : Math.min(12, 3 - Math.floor(Math.log10(size)));
  return number.toLocaleString("en-US", { minimumFractionDigits: Math.min(places, 2), maximumFractionDigits: places });
}

/** How many: 1,234,567. */
export function formatCount(value: Value): string {
  return toNumber(value)?.toLocaleString("en-US") ?? NOTHING;
}

/** A grade or score with one place. */
export function formatGrade(value: Value): string {
  const number = toNumber(value);
  return number === undefined ? NOTHING : number.toFixed(1);
}

/** A change with its sign, never by colour alone: +1.2, −0.4, 0.0. */
export function formatChange(value: Value, places = 1): string {
  const number = toNumber(value);
  if (number === undefined) return NOTHING;
  const text = Math.abs(number).toFixed(places);
  if (Number(text) === 0) return text;
  return (number > 0 ? "+" : "−") + text;
}

/** A fraction as per cent with its sign. */
export function formatPercentChange(value: Value, places = 1): string {
  const number = toNumber(value);
  return number === undefined ? NOTHING : `${formatChange(number * 100, places)} %`;
}

/** Which way a change goes, as the class that paints it; none where it is unknown or nothing. */
export function toneOf(value: Value): "up" | "down" | "" {
  const number = toNumber(value);
  return !number ? "" : number < 0 ? "down" : "up";
}

/** A log return as the fraction that it is. */
export function toShare(logReturn: Value): number | undefined {
  const number = toNumber(logReturn);
  return number === undefined ? undefined : Math.expm1(number);
}

/** A fraction as per cent. */
export function formatPercent(value: Value, places = 0): string {
  const number = toNumber(value);
  return number === undefined ? NOTHING : `${(number * 100).toFixed(places)} %`;
}

/** US dollars, short: $1.2 bn. */
export function formatMoney(value: Value): string {
  const number = toNumber(value);
  if (number === undefined) return NOTHING;
  for (const [size, unit] of [
    [1e12, "tn"],
    [1e9, "bn"],
    [1e6, "m"],
    [1e3, "k"],
  ] as const) {
    if (Math.abs(number) >= size) return `$${(number / size).toPrecision(3)} ${unit}`;
  }
  return `$${number.toFixed(0)}`;
}

/** A day: 1 May 2022. What is no day stands as it is. */
export function formatDay(value: string): string {
  if (Number.isNaN(Date.parse(value))) return value;
  return new Date(value).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
}

/** A moment: 1 May 2022, 13:05 UTC. What is none stands as it is. */
export function formatMoment(value: string): string {
  if (Number.isNaN(Date.parse(value))) return value;
  const time = new Date(value).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  return `${formatDay(value)}, ${time} UTC`;
}
