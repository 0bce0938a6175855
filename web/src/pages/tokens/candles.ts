/** Candles as they are drawn. Pure. */
import type { Schemas } from "../../lib/api";
import { addDays } from "../../lib/days";


export interface Bar {
  time: string;
  open: number;
  high: number;
  low: number;
  close: number;
  /** In units of the token; undefined: unknown. */
  volume: number | undefined;
}

/** A day of the calendar: without a whole candle it is a gap. */
export type Slot = Bar | { time: string };

export function isBar(slot: Slot): slot is Bar {
  return "close" in slot;
}

/** One slot for every calendar day from the first candle to the last. */
export function layOut(candles: readonly Schemas["Candle"][]): Slot[] {
  const known = new Map(candles.map((candle) => [candle.time.slice(0, 10), candle]));
  const [first, last] = [candles[0]?.time.slice(0, 10), candles.at(-1)?.time.slice(0, 10)];
  const slots: Slot[] = [];
  if (!first || !last) return slots;
  for (let time = first; time <= last; time = addDays(time, 1)) {
    const candle = known.get(time);
    slots.push((candle && readBar(time, candle)) ?? { time });
  }
  return slots;
}

function readBar(time: string, { open, high, low, close, volume }: Schemas["Candle"]): Bar | undefined {
  if (open === null || high === null || low === null) return undefined;
  return { time, open: +open, high: +high, low: +low, close: +close, volume: volume === null ? undefined : +volume };
}

/** In words, for those who do not see the chart. */
export function describeCandles(bars: readonly Bar[], format: (value: number) => string): string {
  const [first, last] = [bars[0], bars.at(-1)];
  if (!first || !last) return "No candles.";
  const low = Math.min(...bars.map((bar) => bar.low));
  const high = Math.max(...bars.map((bar) => bar.high));
  return (
    `Daily candles from ${first.time} to ${last.time}: from ${format(first.open)} to ${format(last.close)} US dollars, ` +
    `lowest ${format(low)}, highest ${format(high)}.`
  );
}
