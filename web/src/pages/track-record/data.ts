/** What the track record shows, read from the API: everything, or a page, never a choice by outcome. */
import { api, take, takeAll, type Schemas } from "../../lib/api";

export type Measure = Schemas["TrackRecord"];
export type Day = Schemas["RecordedDay"];
export type Point = Schemas["CalibrationPoint"];
export type Statements = Schemas["RecordPage_RecordedStatement_"];
export type Reach = Schemas["Reach"];

export interface Record {
  measures: readonly Measure[];
  reach: Reach;
  reason: string;
}

const ALL = 1_000;
const PAGE = 50;

function choose({ kind, measure, origin }: Measure) {
  return { kind, measure, origin };
}

export async function loadRecord(): Promise<Record> {
  const { data, reach, reason } = await take(api.GET("/v1/track-record", { params: { query: { limit: ALL } } }));
  return { measures: data, reach, reason: reason ?? "" };
}

/** Every publication of a measure that counts, oldest first. */
export async function loadDays(of: Measure): Promise<Day[]> {
  const days = await takeAll((cursor) => {
    const query = { ...choose(of), limit: ALL, ...(cursor && { cursor }) };
    return take(api.GET("/v1/track-record/days", { params: { query } }));
  });
  return days.filter((day) => day.counted).sort((a, b) => momentOf(a) - momentOf(b));
}

export async function loadPoints(of: Measure): Promise<Point[]> {
  const query = { ...choose(of), limit: ALL };
  return (await take(api.GET("/v1/track-record/calibration", { params: { query } }))).data;
}

/** Which statements of a measure: of one token, up to a day; empty: of all. */
export interface Choice {
  symbol: string;
  until: string;
}

export async function loadStatements(of: Measure, { symbol, until }: Choice, cursor: string): Promise<Statements> {
  const chosen = { ...(symbol && { symbol }), ...(until && { to: until }), ...(cursor && { cursor }) };
  return take(api.GET("/v1/track-record/statements", { params: { query: { ...choose(of), limit: PAGE, ...chosen } } }));
}

/** When what a day says was judged, in milliseconds. */
export function momentOf(day: { as_of: string; hour: number | null }): number {
  return Date.parse(day.as_of) + (day.hour ?? 0) * 3_600_000;
}

/** How the address names a measure. */
export function nameOf({ kind, measure, origin }: Measure): string {
  return `${kind}/${measure}/${origin}`;
}

/** What became of statements: every one is in exactly one of these. */
export interface Tally {
  statements: number;
  hits: number;
  misses: number;
  undecided: number;
  open: number;
  noCall: number;
  noView: number;
}

export function tally(measures: readonly Measure[]): Tally {
  const sum = (of: (one: Measure) => number) => measures.reduce((total, one) => total + of(one), 0);
  return {
    statements: sum((one) => one.statements),
    hits: sum((one) => one.hits),
    misses: sum((one) => one.misses),
    undecided: sum((one) => one.undecided),
    open: sum((one) => one.open),
    noCall: sum((one) => one.no_call),
    noView: sum((one) => one.no_view),
  };
}
