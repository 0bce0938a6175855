/** What the market page shows, read from the API and joined by token. */
import { api, take, takeAll, takeIfSaid, type Schemas } from "../../lib/api";
import { addDays } from "../../lib/days";

const ALL = 1_000;
const DAYS = 7;

export interface Row {
  id: number;
  symbol: string;
  name: string;
  /** undefined: it stands in no list. */
  sector: string | undefined;
  trader: Schemas["Grade"] | undefined;
  investor: Schemas["Grade"] | undefined;
  signal: Schemas["Signal"] | undefined;
}

/** A row with what its prices did; a change is a fraction, undefined where a close is missing. */
export interface Priced extends Row {
  /** Of the last days, oldest first. */
  closes: number[];
  close: number | undefined;
  day: number | undefined;
  week: number | undefined;
}

/** Which day something speaks of, and how it came about. */
export interface Said {
  what: string;
  asOf: string;
  origin: string;
}

export interface Market {
  /** Of the first of its kinds that was published, as a rule the Trader Grades; undefined: none was yet. */
  said: Said | undefined;
  /** What stands beside it and was said of another day or otherwise. */
  others: Said[];
  rows: Row[];
  state: Schemas["MarketStateDay"] | undefined;
  /** In the order of the lists. */
  sectors: string[];
  /** How the sectors came about. */
  sectorNote: string;
}

/** Closes by token and day. */
export type Closes = ReadonlyMap<number, ReadonlyMap<string, number>>;

/** Everything at once; what was not said yet is left out, never guessed. */
export async function loadMarket(): Promise<Market> {
  const [trader, investor, signals, state, sectors] = await Promise.all([
    readGrades("trader"),
    readGrades("investor"),
    takeIfSaid(api.GET("/v1/signals/daily", { params: { query: { limit: ALL } } })),
    takeIfSaid(api.GET("/v1/market-state", { params: { query: { limit: 1 } } })),
    take(api.GET("/v1/sectors", { params: { query: { limit: ALL } } })),
  ]);
  const [said, ...besides] = [
    listSaid("Trader Grades", trader),
    listSaid("Investor Grades", investor),
    listSaid("Signals", signals),
    listSaid("The state of the market", state?.data[0]),
  ].flat();
  return {
    said,
    others: besides.filter(({ asOf, origin }) => asOf !== said?.asOf || origin !== said.origin),
    rows: joinRows(trader?.data ?? [], investor?.data ?? [], signals?.data ?? [], sectors.data),
    state: state?.data[0],
    sectors: sectors.data.map((one) => one.sector),
    sectorNote: sectors.note,
  };
}

function listSaid(what: string, told: { as_of: string | null; origin: string | null } | undefined): Said[] {
  return told?.as_of && told.origin ? [{ what, asOf: told.as_of, origin: told.origin }] : [];
}

function readGrades(kind: "trader" | "investor") {
  return takeIfSaid(api.GET("/v1/grades/{kind}", { params: { path: { kind }, query: { limit: ALL } } }));
}

/** One row a token that either grade speaks of. */
function joinRows(
  trader: readonly Schemas["Grade"][],
  investor: readonly Schemas["Grade"][],
  signals: readonly Schemas["Signal"][],
  sectors: readonly Schemas["Sector"][],
): Row[] {
  const sectorOf = new Map(sectors.flatMap(({ sector, tokens }) => tokens.map((token) => [token.token_id, sector])));
  const rows = new Map<number, Row>();
  for (const [kind, grades] of [
    ["trader", trader],
    ["investor", investor],
  ] as const) {
    for (const grade of grades) {
      const { token_id: id, symbol, name } = grade;
      const row = rows.get(id) ?? { id, symbol, name, sector: sectorOf.get(id), trader: undefined, investor: undefined, signal: undefined };
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

/** Daily closes of the seven days up to `asOf` and of the day before them. */
export async function loadCloses(asOf: string): Promise<Closes> {
  const candles = await takeAll((cursor) => {
    const span = { from: addDays(asOf, -DAYS), to: asOf };
    const query = { interval: "1d" as const, ...span, sort: "time" as const, limit: ALL, ...(cursor && { cursor }) };
    return take(api.GET("/v1/candles", { params: { query } }));
  });
  const closes = new Map<number, Map<string, number>>();
  for (const candle of candles) {
    const kept = closes.get(candle.token_id) ?? new Map<string, number>();
    kept.set(candle.time.slice(0, 10), Number(candle.close));
    closes.set(candle.token_id, kept);
  }
  return closes;
}

export function priceRows(rows: readonly Row[], closes: Closes | undefined, asOf: string): Priced[] {
  return rows.map((row) => {
    const own = closes?.get(row.id);
    const close = own?.get(asOf);
    const since = (days: number) => {
      const before = own?.get(addDays(asOf, -days));
      return close && before ? close / before - 1 : undefined;
    };
    return { ...row, closes: own ? [...own.values()] : [], close, day: since(1), week: since(DAYS) };
  });
}

export function volumeOf(row: Row): number | undefined {
  const volume = row.trader?.volume_usd ?? row.investor?.volume_usd;
  return volume == null ? undefined : Number(volume);
}
