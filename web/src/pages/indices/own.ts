/** An index of one's own: its rule book as TOML, and what a back-test of it says. */
import { api, take } from "../../lib/api";
import type { Job } from "../jobs/jobs";

export interface Wish {
  name: string;
  start: string;
  rank: string;
  count: number;
  members: string;
  scheme: string;
  cap: number;
  everyDays: number;
  cash: boolean;
}

/** Members of the rule book that have a field of their own. */
export const FIELDS = ["name", "start", "rank_by", "count", "members", "scheme", "cap", "every_days"];

export const RANKED: Record<string, string> = {
  size: "The largest",
  trader_grade: "Best Trader Grade",
  investor_grade: "Best Investor Grade",
  fall_risk: "Lowest risk of an 80 % fall",
};

export const WEIGHTED: Record<string, string> = {
  equal: "Equal parts",
  size: "By size",
  inverse_volatility: "The calmer, the more",
  hrp: "Hierarchical risk parity",
  risk_parity: "Equal shares of the variance",
  min_cvar: "Least loss on the worst days",
};

/** Strings of JSON are strings of TOML. */
const quote = (text: string) => JSON.stringify(text);

export function writeRules(wish: Wish): string {
  const members = wish.members.toUpperCase().split(/[\s,]+/).filter(Boolean);
  return [
    `slug = "own"`,
    `name = ${quote(wish.name || "My index")}`,
    `start = ${wish.start}`,
    `every_days = ${wish.everyDays}`,
    "",
    "[basket]",
    `rank_by = ${quote(wish.rank)}`,
    `count = ${wish.count}`,
    ...(members.length ? [`members = [${members.map(quote).join(", ")}]`] : []),
    "",
    "[weights]",
    `scheme = ${quote(wish.scheme)}`,
    `cap = ${wish.cap / 100}`,
    ...(wish.cash ? ["", "[cash]", "means = [20, 50, 100]", "band = 0.02", "floor = 0.25"] : []),
    "",
  ].join("\n");
}

export async function beginBacktest(rules: string): Promise<Job> {
  return (await take(api.POST("/v1/backtests", { body: { strategy: "index", rules } }))).data;
}

export interface Tested {
  from: string;
  to: string;
  levels: number[];
  note: string;
  /** Level of what one could have held instead, from 1,000 on the same day. */
  benchmarks: { bitcoin: number | undefined; equal: number | undefined };
}

/** The result of a job is one of many; undefined: it is not that of an index. */
export async function loadTested(id: string): Promise<Tested | undefined> {
  const found: unknown = await take(api.GET("/v1/jobs/{job_id}/result", { params: { path: { job_id: id } } }));
  const outer = found as Record<string, unknown>;
  const result = (outer["data"] ?? outer) as Record<string, unknown>;
  const { from, to, levels, note, newest } = result;
  if (typeof from !== "string" || typeof to !== "string" || !Array.isArray(levels)) return undefined;
  const other = ((newest as Record<string, unknown> | null)?.["benchmarks"] ?? {}) as Record<string, unknown>;
  const read = (name: string) => (typeof other[name] === "string" ? Number(other[name]) : undefined);
  const benchmarks = { bitcoin: read("bitcoin"), equal: read("equal_weight") };
  return { from, to, levels: levels.map(Number), note: typeof note === "string" ? note : "", benchmarks };
}
