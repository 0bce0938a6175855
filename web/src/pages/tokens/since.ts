/** What happened after a day against what was forecast on it. Pure. */
import type { Schemas } from "../../lib/api";

export interface Outcome {
  days: number;
  through: string;
  low: string | undefined;
  high: string | undefined;
  close: string | undefined;
  /** Of the close against that of the day judged; a fraction. */
  change: number | undefined;
  /** Undefined: not over yet, or not known. */
  inside: boolean | undefined;
}

const LOW = "0.05";
const HIGH = "0.95";

/** Each horizon's 90 % interval with the close that came; a missing close stays missing. */
export function judge(said: Schemas["QuantilesDay"], candles: readonly Schemas["Candle"][]): Outcome[] {
  const closes = new Map(candles.map((candle) => [candle.time.slice(0, 10), candle.close]));
  const [low, high] = [said.quantiles?.indexOf(LOW) ?? -1, said.quantiles?.indexOf(HIGH) ?? -1];
  return (said.horizons ?? []).map(({ days, through, prices }) => {
    const close = closes.get(through);
    const [least, most] = [prices[low], prices[high]];
    const known = close !== undefined && least !== undefined && most !== undefined;
    return {
      days,
      through,
      low: least,
      high: most,
      close,
      change: close !== undefined && said.price !== null ? Number(close) / Number(said.price) - 1 : undefined,
      inside: known ? Number(close) >= Number(least) && Number(close) <= Number(most) : undefined,
    };
  });
}

/** In words, without colour: what came of it. */
export function describeOutcome(outcome: Outcome, newest: string): string {
  if (outcome.through > newest) return "not over yet";
  if (outcome.inside === undefined) return "no close known";
  return outcome.inside ? "✓ inside" : "✗ outside";
}
