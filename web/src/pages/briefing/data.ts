/** The briefing of a day as sections to read. */
import { api, take, type Schemas } from "../../lib/api";
import { writeGrades, writePicks } from "./boards";
import type { Section } from "./blocks";
import { Sheet } from "./reading";
import { writeIndices, writeLead, writeMarket, writeRanges, writeRisks, writeSignals } from "./sections";

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
    lead: writeLead(sheet("market"), boards, sheet("signals")),
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

const DAY_MS = 86_400_000;

/** The address of the briefing so many days away. */
export function addressOf(day: string, away: number): string {
  return `/briefing?as_of=${new Date(Date.parse(day) + away * DAY_MS).toISOString().slice(0, 10)}`;
}
