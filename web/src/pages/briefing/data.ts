/** The briefing of a day as sections to read. */
import { api, take, type Schemas } from "../../lib/api";
import { addDays } from "../../lib/days";
import { writeLead } from "../../lib/lead";
import { Sheet } from "../../lib/sheet";
import type { Section } from "./blocks";
import { writeGrades, writePicks } from "./boards";
import { writeIndices, writeMarket, writeRanges, writeRisks, writeSignals } from "./sections";

export type Source = Schemas["Source"];

export interface Paper {
  asOf: string | null;
  origin: string | null;
  publication: string | null;
  lead: string;
  sections: Section[];
  sources: Source[];
}

export async function loadBriefing(asOf: string): Promise<Paper> {
  const found = await take(api.GET("/v1/briefing", { params: { query: asOf ? { as_of: asOf } : {} } }));
  const said = found.data;
  const sheet = (name: "market" | "grades" | "signals" | "indices" | "risks" | "picks" | "forecasts") => new Sheet(said[name]);
  const boards = sheet("grades").list("boards");
  const picks = sheet("picks");
  return {
    asOf: found.as_of ?? null,
    origin: found.origin ?? null,
    publication: found.publication ?? null,
    lead: writeLead(new Sheet(said)),
    sections: [
      writeMarket(sheet("market")),
      writeRanges(sheet("forecasts")),
      ...boards.map(writeGrades),
      writeSignals(sheet("signals")),
      writeIndices(sheet("indices")),
      writeRisks(sheet("risks")),
      ...picks.list("boards").map(writePicks),
    ],
    sources: said.sources,
  };
}

/** Far enough for a week without one. */
const NEAR_DAYS = 30;

/** The address of the briefing of a day; "" is the newest. */
export function addressOf(day: string): string {
  return day ? `/briefing/${day}` : "/briefing";
}

/** The nearest days before and after that have a briefing; undefined: none is known. */
export async function loadNeighbours(day: string): Promise<{ earlier: string | undefined; later: string | undefined }> {
  const [before, after] = await Promise.all([
    findDays({ from: addDays(day, -NEAR_DAYS), to: addDays(day, -1) }, { to: addDays(day, -1), sort: "-sequence" }),
    findDays({ from: addDays(day, 1), to: addDays(day, NEAR_DAYS) }, { from: addDays(day, 1), sort: "sequence" }),
  ]);
  return { earlier: before.at(-1), later: after[0] };
}

interface Span {
  from?: string;
  to?: string;
  sort?: "sequence" | "-sequence";
}

/** Days with a briefing, ascending: those near, and where none is near the one that was said last or first of the rest. */
async function findDays(near: Span, rest: Span): Promise<string[]> {
  const ask = async (span: Span, limit: number) => {
    const { data } = await take(api.GET("/v1/publications", { params: { query: { kind: "briefing", limit, ...span } } }));
    return data.map((one) => one.as_of).sort();
  };
  const found = await ask(near, 100);
  return found.length ? found : ask(rest, 1);
}
