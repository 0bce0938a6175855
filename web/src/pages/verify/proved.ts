/** In plain words what a verdict proves, and what it does not. Pure. */
import type { Verdict } from "./verdict";

export interface Proved {
  title: string;
  proved: string[];
  unproved: string[];
}

const ALWAYS = [
  "That nothing was taken out, exchanged or dated back before you looked: that needs a checkpoint kept from earlier, a witness, or an anchor on a chain.",
  "That others are shown the same log: compare the checkpoint with theirs.",
  "That what was said is right, or still stands: a later publication may correct or withdraw it.",
];

export function tellProved(verdict: Verdict): Proved {
  const { said, by, holds, steps } = verdict;
  if (!holds) {
    const failed = steps.filter((step) => step.outcome === "failed").map((step) => step.title.toLowerCase());
    return { title: "Not verified", proved: [], unproved: [`Anything: ${failed.length === 1 ? "a step" : "some steps"} failed (${failed.join("; ")}).`] };
  }
  if (!said || !by) {
    const unproved = ["That this row stands in the log: the holder did not show the proof.", "That the issuer is one to trust, or that it was not withdrawn."];
    return { title: "Signed, not proved", proved: ["Its issuer signed exactly what is disclosed."], unproved };
  }
  const what = said.row === undefined ? `These ${said.rowCount} rows` : "This row";
  const proved = [
    `${what} stood, exactly so, in entry ${said.index} of the log ${said.log} when it had ${said.size} entries.`,
    "The holder of the key named below signed that tree, so it cannot deny having said this.",
    time(said.origin, said.publishedAt),
  ];
  const unproved = [...ALWAYS];
  if (by.from === "server") unproved.unshift("That the key is the right one: this server itself named it. A forger would bring a key, too.");
  if (by.from === "browser") unproved.unshift("That the key was right when this browser first saw it.");
  if (steps.some((step) => step.name === "status")) unproved.push("That the credential was not withdrawn, or that its issuer is one to trust.");
  return { title: "Verified", proved, unproved };
}

function time(origin: string, publishedAt: string): string {
  if (origin === "live") return `By its own word it was said live, at ${publishedAt}.`;
  if (origin === "replay") return `By its own word it was said in a replay: its time, ${publishedAt}, is that of recorded data.`;
  return `By its own word it was said at ${publishedAt}, after the fact (backfilled): it is no forecast made in time.`;
}
