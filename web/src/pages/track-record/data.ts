/** What the track record shows, read from the API: everything, or a page, never a choice by outcome. */
import { api, take, type Schemas } from "../../lib/api";

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
  const days: Day[] = [];
  let cursor: string | undefined;
  do {
    const query = { ...choose(of), limit: ALL, ...(cursor && { cursor }) };
    const page = await take(api.GET("/v1/track-record/days", { params: { query } }));
    days.push(...page.data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return days.filter((day) => day.counted).sort((a, b) => momentOf(a) - momentOf(b));
}

export async function loadPoints(of: Measure): Promise<Point[]> {
  const query = { ...choose(of), limit: ALL };
  return (await take(api.GET("/v1/track-record/calibration", { params: { query } }))).data;
}

export async function loadStatements(of: Measure, cursor: string): Promise<Statements> {
  const query = { ...choose(of), limit: PAGE, ...(cursor && { cursor }) };
  return take(api.GET("/v1/track-record/statements", { params: { query } }));
}

/** When what a day says was judged, in milliseconds. */
export function momentOf(day: { as_of: string; hour: number | null }): number {
  return Date.parse(day.as_of) + (day.hour ?? 0) * 3_600_000;
}

/** How the address names a measure. */
export function nameOf({ kind, measure, origin }: Measure): string {
  return `${kind}/${measure}/${origin}`;
}
