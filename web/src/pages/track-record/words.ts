/** The words of the track record. */
import { nameKind, spell } from "../../lib/kinds";

export const RESULTS: Record<string, string> = {
  hit: "✓ hit",
  miss: "✕ miss",
  open: "… open",
  undecided: "= undecided",
  no_call: "– no call",
  no_view: "– no view",
};

const MEASURES: Record<string, string> = {
  beats_median: "beats the median coin",
  interval_90: "90 % interval",
  target_before_stop: "target before stop",
  range_90_1d: "90 % range, 1 day",
  range_90_7d: "90 % range, 7 days",
  range_90_30d: "90 % range, 30 days",
  range_90_90d: "90 % range, 90 days",
  turns: "the price turns at the level",
  band_80_30d: "80 % band, 30 days",
  band_80_90d: "80 % band, 90 days",
  band_80_365d: "80 % band, 365 days",
  beats_equal_weight: "beats all coins equally",
  up_2x: "twice the price",
  up_5x: "five times the price",
  up_10x: "ten times the price",
  fall_80: "an 80 % fall",
  bull_or_bear: "bull or bear",
};

/** "Trader Grades: beats the median coin". */
export function nameMeasure({ kind, measure }: { kind: string; measure: string }): string {
  return `${nameKind(kind)}: ${MEASURES[measure] ?? spell(measure).toLowerCase()}`;
}

/** The day of a statement, or its moment where it was said of an hour. */
export function stampOf({ as_of, hour }: { as_of: string; hour: number | null }): string {
  return hour === null ? as_of : `${as_of}T${String(hour).padStart(2, "0")}:00:00Z`;
}

/** A share of nothing is no share. */
export function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`;
}

/** A figure with a true minus. */
export function signed(value: string | null, places = 3): string {
  return value === null ? "–" : Number(value).toFixed(places).replace("-", "−");
}
