/** What the token page shows, read from the API. A day is YYYY-MM-DD, "" the newest there is. */
import { api, Problem, take, takeAll, type Schemas } from "../../lib/api";
import { addDays } from "../../lib/days";
import { readExplanation, type Explanation } from "./explaining";

export type Kind = "trader" | "investor";
export type Origin = NonNullable<Schemas["Page_Grade_"]["origin"]>;

export interface Known {
  token: Schemas["TokenDetail"];
  /** The newest complete day of the data. */
  newest: string;
  /** The first day of which a grade was said, else of its first candle. */
  first: string;
}

/** A grade with where it stands; without one the reason in words. */
export interface Said {
  grade: Schemas["Grade"] | undefined;
  asOf: string;
  publication: string;
  origin: Origin | undefined;
  reason: string;
}

/** Who bore the symbol on that day, else who bears it now: names wander from coin to coin. */
export async function loadToken(symbol: string, day: string): Promise<Known> {
  let name = symbol;
  if (day) {
    try {
      const then = await take(api.GET("/v1/tokens/{symbol}", { params: { path: { symbol }, query: { as_of: day } } }));
      name = String(then.data.token_id);
    } catch (error) {
      if (!(error instanceof Problem) || error.status === 0 || error.status >= 500) throw error;
    }
  }
  const found = await take(api.GET("/v1/tokens/{symbol}", { params: { path: { symbol: name } } }));
  const token = found.data;
  const params = { path: { kind: "trader" as const, symbol: String(token.token_id) }, query: { sort: "time" as const, limit: 1 } };
  const graded = await take(api.GET("/v1/grades/{kind}/{symbol}", { params })).catch(() => undefined);
  return { token, newest: found.as_of ?? "", first: graded?.data[0]?.as_of ?? token.first_day };
}

export async function loadGrade(kind: Kind, id: number, day: string): Promise<Said> {
  const query = { symbol: String(id), ...(day && { as_of: day }) };
  const found = await take(api.GET("/v1/grades/{kind}", { params: { path: { kind }, query } }));
  return {
    grade: found.data[0],
    asOf: found.as_of ?? "",
    publication: found.publication ?? "",
    origin: found.origin ?? undefined,
    reason: found.reason ?? "",
  };
}

/** A close and that of the day before; a fraction. */
export interface Close {
  candle: Schemas["Candle"];
  /** Undefined: the day before has no candle. */
  change: number | undefined;
}

/** The daily close of the day, or the last one before it. */
export async function loadClose(id: number, day: string): Promise<Close | undefined> {
  const query = { limit: 2, ...(day && { to: day }) };
  const found = await take(api.GET("/v1/candles/{symbol}", { params: { path: { symbol: String(id) }, query } }));
  const [candle, before] = found.data;
  if (!candle) return undefined;
  const follows = before && addDays(before.time, 1) === candle.time.slice(0, 10);
  return { candle, change: follows ? Number(candle.close) / Number(before.close) - 1 : undefined };
}

export async function loadExplanation(kind: Kind, id: number, day: string): Promise<Explanation> {
  const params = { path: { kind, symbol: String(id) }, query: { ...(day && { as_of: day }) } };
  const found = await take(api.GET("/v1/grades/{kind}/{symbol}/explanation", { params }));
  return readExplanation(found.data);
}

const PAGE = 1_000;

function ask(id: number, from: string, cursor: string | undefined) {
  const query = { from, sort: "time" as const, limit: PAGE, ...(cursor && { cursor }) };
  return { params: { path: { symbol: String(id) }, query } };
}

/** Daily candles from a day on, oldest first. */
export function loadCandles(id: number, from: string): Promise<Schemas["Candle"][]> {
  return takeAll((cursor) => take(api.GET("/v1/candles/{symbol}", ask(id, from, cursor))));
}

/** Daily signals from a day on, oldest first. */
export function loadSignals(id: number, from: string): Promise<Schemas["SignalDay"][]> {
  return takeAll((cursor) => take(api.GET("/v1/signals/daily/{symbol}", ask(id, from, cursor))));
}

/** What was said of one day, or of the newest there is; without any the reason in words. */
export interface Statement<T> {
  row: T | undefined;
  reason: string;
}

function askDay(id: number, day: string) {
  return { params: { path: { symbol: String(id) }, query: { limit: 1, ...(day && { from: day, to: day }) } } };
}

function readDay<T>(page: { data: T[]; reason?: string | null }): Statement<T> {
  return { row: page.data[0], reason: page.reason ?? "" };
}

export async function loadLevels(id: number, day: string): Promise<Statement<Schemas["LevelsDay"]>> {
  return readDay(await take(api.GET("/v1/forecasts/levels/{symbol}", askDay(id, day))));
}

export async function loadQuantiles(id: number, day: string): Promise<Statement<Schemas["QuantilesDay"]>> {
  return readDay(await take(api.GET("/v1/forecasts/quantiles/{symbol}", askDay(id, day))));
}

export async function loadSignal(id: number, day: string): Promise<Statement<Schemas["SignalDay"]>> {
  return readDay(await take(api.GET("/v1/signals/daily/{symbol}", askDay(id, day))));
}

/** Both grades, one of each a day, oldest first. */
export type Grades = Record<Kind, Schemas["GradePoint"][]>;

export async function loadGrades(id: number): Promise<Grades> {
  const [trader, investor] = await Promise.all((["trader", "investor"] as const).map((kind) => readGrades(kind, id)));
  return { trader: trader ?? [], investor: investor ?? [] };
}

function readGrades(kind: Kind, id: number): Promise<Schemas["GradePoint"][]> {
  return takeAll((cursor) => {
    const query = { sort: "time" as const, limit: PAGE, ...(cursor && { cursor }) };
    return take(api.GET("/v1/grades/{kind}/{symbol}", { params: { path: { kind, symbol: String(id) }, query } }));
  });
}

export async function loadScenarios(id: number, day: string): Promise<Statement<Schemas["ScenariosDay"]>> {
  return readDay(await take(api.GET("/v1/forecasts/scenarios/{symbol}", askDay(id, day))));
}

export async function loadMetrics(id: number, day: string): Promise<Statement<Schemas["TokenMetricsDay"]>> {
  return readDay(await take(api.GET("/v1/market-state/tokens/{symbol}", askDay(id, day))));
}

/** The coins it moves with and apart from, by name; only the most traded coins have them. */
export interface Together extends Statement<Schemas["CorrelationsDay"]> {
  names: ReadonlyMap<number, Schemas["Token"]>;
}

/** An older statement than this is none of the day. */
const LATE_DAYS = 2;

export async function loadTogether(id: number, day: string, newest: string): Promise<Together> {
  const query = { limit: 1, from: day || addDays(newest, -LATE_DAYS), to: day || newest };
  const path = { symbol: String(id) };
  const said = readDay(await take(api.GET("/v1/market-state/correlations/{symbol}", { params: { path, query } })));
  const isNamed = said.row?.most?.length || said.row?.least?.length;
  const tokens = isNamed ? await takeAll((cursor) => take(api.GET("/v1/tokens", { params: { query: { limit: PAGE, ...(cursor && { cursor }) } } }))) : [];
  return { ...said, names: new Map(tokens.map((token) => [token.token_id, token])) };
}

const CLAIMING = ["grades.trader", "grades.investor", "signals.daily"] as const;

/** What its grades and its signal claimed on a day, each with what came of it; without any the reason in words. */
export interface Claims {
  claims: Schemas["RecordedStatement"][];
  reason: string;
}

export async function loadClaims(id: number, day: string): Promise<Claims> {
  const found = await Promise.all(
    CLAIMING.map((kind) => {
      const query = { kind, symbol: String(id), from: day, to: day };
      return take(api.GET("/v1/track-record/statements", { params: { query } }));
    }),
  );
  return { claims: found.flatMap((page) => page.data), reason: found[0]?.reason ?? "" };
}
