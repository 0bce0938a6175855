/** What the market page shows, read from the API and joined by token. */
import { api, take, takeIfSaid, type Schemas } from "../../lib/api";

const ALL = 1_000;
const DAYS = 7;
const DAY_MS = 86_400_000;

export interface Row {
  id: number;
  symbol: string;
  name: string;
  trader: Schemas["Grade"] | undefined;
  investor: Schemas["Grade"] | undefined;
  signal: Schemas["Signal"] | undefined;
  closes: number[];
  /** Of the newest close against that of seven days before; a fraction. */
  change: number | undefined;
}

export interface Market {
  asOf: string;
  origin: string;
  rows: Row[];
  state: Schemas["MarketStateDay"] | undefined;
}

/** Everything at once; what was not said yet is left out, never guessed. */
export async function loadMarket(): Promise<Market> {
  const [trader, investor, signals, state] = await Promise.all([
    readGrades("trader"),
    readGrades("investor"),
    takeIfSaid(api.GET("/v1/signals/daily", { params: { query: { limit: ALL } } })),
    takeIfSaid(api.GET("/v1/market-state", { params: { query: { limit: 1 } } })),
  ]);
  const rows = joinRows(trader?.data ?? [], investor?.data ?? [], signals?.data ?? []);
  const graded = trader ?? investor;
  return { asOf: graded?.as_of ?? "", origin: graded?.origin ?? "", rows, state: state?.data[0] };
}

function readGrades(kind: "trader" | "investor") {
  return takeIfSaid(api.GET("/v1/grades/{kind}", { params: { path: { kind }, query: { limit: ALL } } }));
}

/** One row a token that either grade speaks of. */
export function joinRows(
  trader: readonly Schemas["Grade"][],
  investor: readonly Schemas["Grade"][],
  signals: readonly Schemas["Signal"][],
): Row[] {
  const rows = new Map<number, Row>();
  for (const [kind, grades] of [
    ["trader", trader],
    ["investor", investor],
  ] as const) {
    for (const grade of grades) {
      const { token_id: id, symbol, name } = grade;
      const row = rows.get(id) ?? { id, symbol, name, trader: undefined, investor: undefined, signal: undefined, closes: [], change: undefined };
      row[kind] = grade;
      rows.set(id, row);
    }
  }
  for (const signal of signals) {
    const row = rows.get(signal.token_id);
    if (row) row.signal = signal;
  }
  return [...rows.values()];
}

/** Daily closes of the seven days up to `asOf`, oldest first, by token. */
export async function loadCloses(asOf: string): Promise<Map<number, number[]>> {
  const from = new Date(Date.parse(asOf) - DAYS * DAY_MS).toISOString().slice(0, 10);
  const closes = new Map<number, number[]>();
  let cursor: string | undefined;
  do {
    const query = { interval: "1d" as const, from, sort: "time" as const, limit: ALL, ...(cursor && { cursor }) };
    const page = await take(api.GET("/v1/candles", { params: { query } }));
    for (const candle of page.data) {
      const kept = closes.get(candle.token_id);
      if (kept) kept.push(Number(candle.close));
      else closes.set(candle.token_id, [Number(candle.close)]);
    }
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return closes;
}
