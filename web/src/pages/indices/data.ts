/** What the pages of the indices show, read from the API. */
import { api, take, takeAll, type Schemas } from "../../lib/api";
import { NOTHING } from "../../lib/format";
import { listDays, type Line } from "../../parts/lines";

const ALL = 1_000;
const MOVES = 25;

export type Index = Schemas["Index"];
export type LevelDay = Schemas["IndexLevelDay"];

/** A level or points of it, with two places. */
export function formatPoints(value: string | null): string {
  return value === null ? NOTHING : Number(value).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** A day that is asked for, or nothing: the newest. */
function day(asOf: string): { as_of?: string } {
  return asOf ? { as_of: asOf } : {};
}

export function loadIndices(asOf: string) {
  return take(api.GET("/v1/indices", { params: { query: { limit: ALL, ...day(asOf) } } }));
}

export function loadIndex(index: string, asOf: string) {
  return take(api.GET("/v1/indices/{index}", { params: { path: { index }, query: day(asOf) } }));
}

/** Every day up to `asOf`, oldest first. */
export function loadLevels(index: string, asOf: string): Promise<LevelDay[]> {
  return takeAll((cursor) => {
    const query = { sort: "time" as const, limit: ALL, ...(asOf && { to: asOf }), ...(cursor && { cursor }) };
    return take(api.GET("/v1/indices/{index}/performance", { params: { path: { index }, query } }));
  });
}

/** Trades up to `asOf`, newest first, a page at a time. */
export function loadMoves(index: string, asOf: string, cursor: string | undefined) {
  const query = { limit: MOVES, ...(asOf && { to: asOf }), ...(cursor && { cursor }) };
  return take(api.GET("/v1/indices/{index}/transactions", { params: { path: { index }, query } }));
}

export interface Performance {
  days: string[];
  levels: Line[];
  drawdowns: Line[];
}

const number = (value: string | null | undefined) => (value == null ? null : Number(value));

/** Levels of the index and what one could have held instead, and how far each is below its peak. */
export function arrange(name: string, rows: readonly LevelDay[]): Performance {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return { days: [], levels: [], drawdowns: [] };
  const days = listDays(first.as_of, last.as_of);
  const known = new Map(rows.map((row) => [row.as_of, row]));
  const line = (title: string, value: (row: LevelDay) => string | null | undefined): Line => ({
    name: title,
    values: days.map((one) => {
      const row = known.get(one);
      return row ? number(value(row)) : null;
    }),
  });
  const bitcoin = line("Bitcoin", (row) => row.benchmarks.bitcoin);
  const equal = line("All coins equally", (row) => row.benchmarks.equal_weight);
  return {
    days,
    levels: [line(name, (row) => row.level), bitcoin, equal],
    drawdowns: [line(name, (row) => row.drawdown), fall(bitcoin), fall(equal)],
  };
}

/** How far a level is below its highest so far, as a share. */
export function fall(line: Line): Line {
  let peak = 0;
  const values = line.values.map((value) => {
    if (value === null) return null;
    peak = Math.max(peak, value);
    return value / peak - 1;
  });
  return { name: line.name, values };
}

/** The last `count` days of it. */
export function cut(performance: Performance, count: number): Performance {
  const short = (lines: readonly Line[]) => lines.map((line) => ({ ...line, values: line.values.slice(-count) }));
  return { days: performance.days.slice(-count), levels: short(performance.levels), drawdowns: short(performance.drawdowns) };
}

export interface Compared {
  name: string;
  change: number | undefined;
  /** A year, where there is one. */
  annual: number | undefined;
  volatility: number | undefined;
  worst: number | undefined;
}

const YEAR_DAYS = 365;

/** What a line did over its days: change, the same a year, volatility of its days a year, its worst fall within them. */
export function compare(line: Line): Compared {
  const values = line.values.filter((value) => value !== null && value > 0) as number[];
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined || values.length < 2) {
    return { name: line.name, change: undefined, annual: undefined, volatility: undefined, worst: undefined };
  }
  const days = values.length - 1;
  const returns = values.slice(1).map((value, i) => value / values[i]! - 1);
  const mean = returns.reduce((sum, one) => sum + one, 0) / days;
  const variance = returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(days - 1, 1);
  return {
    name: line.name,
    change: last / first - 1,
    annual: days >= YEAR_DAYS ? (last / first) ** (YEAR_DAYS / days) - 1 : undefined,
    volatility: days > 1 ? Math.sqrt(variance * YEAR_DAYS) : undefined,
    worst: Math.min(...fall({ ...line, values }).values.map((value) => value ?? 0)),
  };
}
