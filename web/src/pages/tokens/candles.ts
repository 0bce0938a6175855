/** Candles and what is drawn on them. Pure. */
import type { Schemas } from "../../lib/api";

const DAY_MS = 86_400_000;

export interface Bar {
  time: string;
  open: number;
  high: number;
  low: number;
  close: number;
}

/** A day of the calendar: without a whole candle it is a gap. */
export type Slot = Bar | { time: string };

export function isBar(slot: Slot): slot is Bar {
  return "close" in slot;
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** One slot for every calendar day from the first candle to the last. */
export function layOut(candles: readonly Schemas["Candle"][]): Slot[] {
  const known = new Map(candles.map((candle) => [candle.time.slice(0, 10), candle]));
  const [first, last] = [candles[0]?.time.slice(0, 10), candles.at(-1)?.time.slice(0, 10)];
  const slots: Slot[] = [];
  if (!first || !last) return slots;
  for (let time = first; time <= last; time = addDays(time, 1)) {
    const candle = known.get(time);
    if (!candle || candle.open === null || candle.high === null || candle.low === null) slots.push({ time });
    else slots.push({ time, open: +candle.open, high: +candle.high, low: +candle.low, close: +candle.close });
  }
  return slots;
}

export interface Turn {
  day: string;
  signal: -1 | 0 | 1;
  price: string | null;
  reason: string | null;
  origin: string;
}

/** The days on which the signal became another; a day without a view is no statement. */
export function listTurns(signals: readonly Schemas["SignalDay"][]): Turn[] {
  const turns: Turn[] = [];
  let before: number | undefined;
  for (const { as_of: day, signal, close: price, reason, origin } of signals) {
    if (signal === null) continue;
    if (before !== undefined && signal !== before) turns.push({ day, signal, price, reason, origin });
    before = signal;
  }
  return turns;
}

export const TURNS = { "1": "▲ buy", "0": "● out", "-1": "▼ sell" } as const;

export function describeTurn(turn: Turn): string {
  return TURNS[String(turn.signal) as keyof typeof TURNS];
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
