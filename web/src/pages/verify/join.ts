/** Whether two trees of a log are one that only grew. */
import { Problem } from "../../lib/api";
import { formatCount } from "../../lib/format";
import { Malformed, isSame, toBase64 } from "./bytes";
import { fetchExtension } from "./fetching";
import { parseExtension } from "./notes";
import type { Steps } from "./steps";
import { isConsistent } from "./tree";

export interface Tree {
  /** Whose it is, in words: "this browser saw on 3 May 2026". */
  whose: string;
  size: number;
  root: Uint8Array;
  /** The signed note, or whatever else shows it. */
  evidence: string;
}

export type Joined = "joined" | "broken" | "unasked";

/** The server is busy or away; that proves nothing against the log. */
const BUSY = new Set([0, 429, 502, 503, 504]);

/** Show that the smaller of two trees is a beginning of the other. `number` is that of the log at this server, where it knows it. */
export async function checkJoined(steps: Steps, name: string, title: string, one: Tree, other: Tree, number: number | undefined): Promise<Joined> {
  const [old, now] = one.size <= other.size ? [one, other] : [other, one];
  const values = [old, now].flatMap((tree): [string, string][] => [
    [`Root of ${formatCount(tree.size)} entries`, toBase64(tree.root)],
    [`The tree that ${tree.whose}`, tree.evidence],
  ]);
  if (old.size === now.size) {
    const passed = isSame(old.root, now.root);
    const says = passed ? `The same ${formatCount(now.size)} entries, the same root: the very tree that ${other.whose}.` : accuse(one, other, "Both trees have as many entries, but not the same ones.");
    steps.take(name, title, () => ({ passed, says, values }));
    return passed ? "joined" : "broken";
  }
  const found = await ask(number, old, now);
  if (found.isUnasked) {
    steps.leave(name, title, `Not checked now: ${found.why} Until it is, nothing shows that the tree that ${other.whose} stands in this one.`, values);
    return "unasked";
  }
  const passed = found.path !== undefined && isConsistent(old.size, old.root, now.size, now.root, found.path);
  const says = passed
    ? `${found.path!.length} hashes join both roots: the first ${formatCount(old.size)} entries are unchanged, and ${formatCount(now.size - old.size)} came behind them.`
    : accuse(one, other, found.why || "The hashes that the server gave do not lead to both roots.");
  const path = (found.path ?? []).map((hash, i): [string, string] => [`Hash ${i + 1}`, toBase64(hash)]);
  steps.take(name, title, () => ({ passed, says, values: [...values, ...path] }));
  return passed ? "joined" : "broken";
}

interface Answer {
  path?: readonly Uint8Array[];
  why: string;
  isUnasked?: boolean;
}

async function ask(number: number | undefined, old: Tree, now: Tree): Promise<Answer> {
  if (number === undefined) return { why: "This server does not show the log.", isUnasked: true };
  try {
    const found = parseExtension(await fetchExtension(number, old.size, now.size));
    return { path: found.path, why: "" };
  } catch (error) {
    if (error instanceof Malformed) return { why: `Its proof cannot be read: ${error.message}` };
    if (!(error instanceof Problem)) throw error;
    return { why: `The server answers: “${error.message}”`, isUnasked: BUSY.has(error.status) };
  }
}

function accuse(one: Tree, other: Tree, why: string): string {
  return `Nothing joins this tree of ${formatCount(one.size)} entries to the one of ${formatCount(other.size)} that ${other.whose}. ${why} Entries were altered, removed, exchanged, or you are shown another log than before. Keep what stands below: two signed trees of one log that do not fit are evidence.`;
}
