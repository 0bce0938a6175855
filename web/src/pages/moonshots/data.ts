/** Moonshots and what became of them, read from the API and summed up. */
import { api, take, type Schemas } from "../../lib/api";

const ALL = 1_000;

export type Moonshot = Schemas["Moonshot"];
export type Chance = Schemas["Chance"];
export type Outcome = Schemas["Outcome"];

export function loadMoonshots(asOf: string) {
  return take(api.GET("/v1/moonshots", { params: { query: { limit: ALL, ...(asOf && { as_of: asOf }) } } }));
}

export function loadOutcomes(asOf: string) {
  return take(api.GET("/v1/moonshots/outcomes", { params: { query: { limit: ALL, ...(asOf && { as_of: asOf }) } } }));
}

export const EVENTS = { up_2x: "Twice the price", up_5x: "Five times", up_10x: "Ten times", fall_80: "An 80 % fall" } as const;
export type Event = keyof typeof EVENTS;

/** The chance of an event as a row says it. */
export function chanceOf(row: Moonshot, event: Event): Chance | null {
  return event === "fall_80" ? (row.fall_80 ?? null) : (row.events?.[event] ?? null);
}

export const ORDERS = { risk: "Lowest risk first", wild: "Highest risk first", volume: "Volume", young: "Youngest first", symbol: "A to Z" } as const;
export type Order = keyof typeof ORDERS;

/** The rows that match, in the order asked for; those without a view come last. */
export function arrange(rows: readonly Moonshot[], search: string, order: Order): Moonshot[] {
  const wanted = search.trim().toLowerCase();
  const found = rows.filter((row) => row.symbol.toLowerCase().includes(wanted) || row.name.toLowerCase().includes(wanted));
  const key = (row: Moonshot): number | string => {
    if (order === "symbol") return row.symbol;
    if (row.rank == null) return Infinity;
    if (order === "wild") return -row.rank;
    if (order === "volume") return -Number(row.volume_usd ?? 0);
    return order === "young" ? (row.age_days ?? Infinity) : row.rank;
  };
  return found.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return x < y ? -1 : x > y ? 1 : a.token_id - b.token_id;
  });
}

export const VERDICTS = { "": "All", hit: "Hits", fall: "Falls", miss: "Misses", running: "Running" } as const;
export type Verdict = keyof typeof VERDICTS;

export function isOf(row: Outcome, verdict: Verdict): boolean {
  if (verdict === "") return true;
  if (verdict === "running") return row.state !== "ended";
  return row.verdict === verdict || (verdict !== "miss" && row.verdict === "hit and fall");
}

export interface Tally {
  ended: number;
  running: number;
  /** Of those that ended. */
  events: { event: Event; happened: number; said: number | undefined }[];
  /** Middle one of the returns of those that ended; undefined: none is known. */
  median: number | undefined;
}

/** What became of all that ended, and what had been said of them on average; no one is left out. */
export function count(rows: readonly Outcome[]): Tally {
  const ended = rows.filter((row) => row.state === "ended");
  const events = (Object.keys(EVENTS) as Event[]).map((event) => {
    const said = ended.flatMap((row) => (row.said[event] == null ? [] : [Number(row.said[event])]));
    return {
      event,
      happened: ended.filter((row) => row.events[event]).length,
      said: said.length ? said.reduce((sum, one) => sum + one, 0) / said.length : undefined,
    };
  });
  const returns = ended.flatMap((row) => (row.return == null ? [] : [Number(row.return)])).sort((a, b) => a - b);
  const middle = returns.length / 2;
  const median = returns.length ? (returns[Math.ceil(middle) - 1]! + returns[Math.floor(middle)]!) / 2 : undefined;
  return { ended: ended.length, running: rows.length - ended.length, events, median };
}

/** The lists by the day they were said on, the newest first. */
export function group(rows: readonly Outcome[]): { day: string; rows: Outcome[] }[] {
  const lists = new Map<string, Outcome[]>();
  for (const row of rows) {
    const list = lists.get(row.said_on);
    if (list) list.push(row);
    else lists.set(row.said_on, [row]);
  }
  return [...lists]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([day, list]) => ({ day, rows: list.sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity)) }));
}
