/** One coin among the moonshots: its days on the list, and what became of each time it was among the first ten. */
import { api, take, takeIfSaid, type Schemas } from "../../lib/api";
import { DAY_MS } from "../../lib/days";
import type { Line } from "../../parts/lines";
import { listDays } from "../../parts/lines";
import type { Outcome } from "./data";

export type Listed = Schemas["MoonshotDay"];

export interface Followed {
  token: Schemas["Token"];
  /** Its days, the newest first. */
  days: Listed[];
  /** Day of the newest list. */
  newest: string;
  /** The newest first. */
  outcomes: Outcome[];
}

const ALL = 1_000;
/** An outcome is told from its day on for a year and is final after 90 days: each is seen final at this step. */
const STEP_DAYS = 270;

/** undefined: no token has that name. */
export async function loadOne(symbol: string, asOf: string): Promise<Followed | undefined> {
  const token = (await takeIfSaid(api.GET("/v1/tokens/{symbol}", { params: { path: { symbol } } })))?.data;
  if (!token) return undefined;
  const query = { limit: ALL, ...(asOf && { to: asOf }) };
  const found = await take(api.GET("/v1/moonshots/{symbol}", { params: { path: { symbol: String(token.token_id) }, query } }));
  const first = found.data.at(-1)?.as_of;
  const newest = found.as_of ?? asOf;
  const outcomes = first ? await loadOutcomesOf(token.token_id, first, newest) : [];
  return { token, days: found.data, newest, outcomes };
}

async function loadOutcomesOf(id: number, first: string, newest: string): Promise<Outcome[]> {
  const told = await Promise.all(
    listLooks(first, newest).map((day) => {
      const query = { limit: ALL, as_of: day, symbol: String(id) };
      return takeIfSaid(api.GET("/v1/moonshots/outcomes", { params: { query } }));
    }),
  );
  const found = new Map<string, Outcome>();
  // What is told later counts.
  for (const page of told.reverse()) for (const row of page?.data ?? []) found.set(row.said_on, row);
  return [...found.values()].sort((a, b) => b.said_on.localeCompare(a.said_on));
}

/** Days to look at, the newest first, so that no outcome since `first` is left out. */
export function listLooks(first: string, newest: string): string[] {
  const looks: string[] = [];
  for (let at = Date.parse(newest); at >= Date.parse(first); at -= STEP_DAYS * DAY_MS) looks.push(new Date(at).toISOString().slice(0, 10));
  return looks;
}

/** Its chance of a fall by day, beside what is usual; days on which it was not listed are gaps. */
export function drawRisk(rows: readonly Listed[]): { days: string[]; lines: Line[] } {
  const days = listDays(rows.at(-1)!.as_of, rows[0]!.as_of);
  const byDay = new Map(rows.map((row) => [row.as_of, row]));
  const values = (name: "probability" | "base_rate") =>
    days.map((day) => {
      const value = byDay.get(day)?.fall_80?.[name];
      return value == null ? null : Number(value);
    });
  return {
    days,
    lines: [
      { name: "Of this coin", values: values("probability") },
      { name: "Usual", values: values("base_rate") },
    ],
  };
}
