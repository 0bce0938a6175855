/** In plain words what a verdict proves, and what it does not. Pure. */
import { formatCount, formatMoment } from "../../lib/format";
import type { Verdict } from "./verdict";

export interface Proved {
  title: string;
  /** Nothing failed, but something that could have was not compared. */
  isPartial: boolean;
  proved: string[];
  unproved: string[];
}

const RIGHT = "That what was said is right, or still stands: a later publication may correct or withdraw it.";
const FORKED = "That others are shown the same log: compare the checkpoint with theirs, or ask a witness.";
/** Steps that compare two trees of one log. */
const JOINS = ["memory", "join", "chain", "lost"];

/** What could not be compared because nobody answered. */
const UNCHECKED: Record<string, string> = {
  memory: "what this browser saw before",
  join: "the checkpoint that you kept",
  chain: "what was written to a chain",
};

function listUnchecked({ steps }: Verdict): string[] {
  return steps.flatMap((step) => (step.outcome === "unchecked" ? [UNCHECKED[step.name] ?? step.title.toLowerCase()] : []));
}

/** Whether the log itself was caught: two trees of it do not fit, or it is gone. */
export function isRewritten({ steps }: Verdict): boolean {
  return steps.some((step) => step.outcome === "failed" && JOINS.includes(step.name.split(" ")[0]!));
}

export function tellProved(verdict: Verdict): Proved {
  const { said, by, head, holds, steps } = verdict;
  if (!holds) {
    const failed = steps.filter((step) => step.outcome === "failed").map((step) => step.title.toLowerCase());
    const unproved = [`Anything: ${failed.length === 1 ? "a step" : "some steps"} failed (${failed.join("; ")}).`];
    return { title: nameFailure(verdict), isPartial: false, proved: [], unproved };
  }
  const unchecked = listUnchecked(verdict);
  const isPartial = unchecked.length > 0;
  const but = isPartial ? `, but not compared with ${unchecked.join(" and ")}` : "";
  if (head && by) return { title: isPartial ? `Signed${but}` : nameLog(verdict), isPartial, proved: tellLog(verdict), unproved: [...listGaps(verdict), FORKED] };
  if (!said || !by) {
    const unproved = ["That this row stands in the log: the holder did not show the proof.", "That the issuer is one to trust."];
    return { title: "Signed, not proved", isPartial, proved: ["Its issuer signed exactly what is disclosed."], unproved: [...unproved, ...listStatus(verdict)] };
  }
  const what = said.row !== undefined ? "This row" : said.rowCount === 1 ? "Its one row" : `These ${formatCount(said.rowCount)} rows`;
  const proved = [
    `${what} stood, exactly so, in entry ${said.index} of the log ${said.log} when it had ${formatCount(said.size)} entries.`,
    "The holder of the key named below signed that tree, so it cannot deny having said this.",
    time(said.origin, said.publishedAt),
    ...tellOthers(verdict),
  ];
  const unproved = [...listGaps(verdict), FORKED, RIGHT];
  if (steps.some((step) => step.name === "issuer-key")) unproved.push("That the credential's issuer is one to trust.");
  return { title: `Verified${but}`, isPartial, proved, unproved: [...unproved, ...listStatus(verdict)] };
}

function nameFailure(verdict: Verdict): string {
  if (isRewritten(verdict)) return "This log was rewritten";
  return verdict.steps.some((step) => step.name === "status" && step.outcome === "failed" && step.says.startsWith("Withdrawn")) ? "Withdrawn" : "Not verified";
}

/** Where nothing was kept from earlier, nothing was compared. */
function nameLog(verdict: Verdict): string {
  return passed(verdict, "memory") || passed(verdict, "join") ? "The log only grew" : "The log is signed";
}

function passed({ steps }: Verdict, name: string): boolean {
  return steps.some((step) => step.name.split(" ")[0] === name && step.outcome === "passed");
}

function tellLog(verdict: Verdict): string[] {
  const kept = passed(verdict, "join") ? ["Everything that stood in the log at the checkpoint that you kept still stands in it, in its place."] : [];
  return [`The log signed a tree of ${formatCount(verdict.head!.size)} entries.`, ...kept, ...tellOthers(verdict)];
}

function tellOthers(verdict: Verdict): string[] {
  return [
    ...(passed(verdict, "memory") ? ["Nothing that this browser saw of the log before was altered, removed or moved since."] : []),
    ...(passed(verdict, "witness") ? ["A witness signed the same tree at its own time."] : []),
  ];
}

function listGaps(verdict: Verdict): string[] {
  const { by } = verdict;
  const gaps = listUnchecked(verdict).map((what) => `That this tree continues ${what}: the server did not show how they join. Look again; until then nothing newer is kept in its place.`);
  if (by?.from === "server") gaps.push("That the key is the right one: this server itself named it. A forger would bring a key, too.");
  if (by?.rivals.length) gaps.push("That this is still the key of the log: this browser has known another one, too, which stands below.");
  if (by?.from === "browser") gaps.push("That the key was right when this browser first saw it.");
  if (!["memory", "witness", "join"].some((name) => passed(verdict, name))) {
    gaps.push("That nothing was taken out, exchanged or dated back before you looked: that needs a checkpoint kept from earlier, a witness, or an anchor on a chain.");
  }
  return gaps;
}

function listStatus({ steps }: Verdict): string[] {
  return steps.some((step) => step.name === "status" && step.outcome === "told") ? ["That the credential was not withdrawn."] : [];
}

function time(origin: string, publishedAt: string): string {
  const moment = formatMoment(publishedAt);
  if (origin === "live") return `By its own word it was said live, on ${moment}.`;
  if (origin === "replay") return `By its own word it was said in a replay: its time, ${moment}, is that of recorded data.`;
  return `By its own word it was said on ${moment}, after the fact (backfilled): it is no forecast made in time.`;
}
