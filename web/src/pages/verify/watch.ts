/** The log as a whole: is its newest tree signed, and did it only grow since somebody looked last? */
import { Problem } from "../../lib/api";
import { formatCount } from "../../lib/format";
import { Malformed } from "./bytes";
import { fetchLog, type Log } from "./fetching";
import { keepHead, listHeads } from "./heads";
import { checkJoined } from "./join";
import { findKeys, keepKey } from "./keys";
import { parseCheckpoint, type Checkpoint } from "./notes";
import { checkOutside, formatTime, tree } from "./outside";
import { checkSigned, showKeys, tellKey, type Trusted } from "./signed";
import { Steps } from "./steps";
import type { Verdict } from "./verdict";

/** The log at this server; who brings their own key can do without. Throws Problem. */
export async function askLog(origin: string, key: string): Promise<Log | undefined> {
  try {
    return await fetchLog(origin);
  } catch (error) {
    if (!(error instanceof Problem) || !key.trim()) throw error;
    return undefined;
  }
}

/**
 * Keep what was checked, so that another key or a rewritten log is noticed. What hangs on a key of the reader says nothing of this server;
 * and what was kept before is evidence: a tree that nobody joined to it does not take its place.
 */
export function remember(steps: Steps, checkpoint: Checkpoint, by: Trusted): void {
  if (by.from === "you" || !steps.hold || steps.has("memory", "unchecked")) return;
  keepKey(by);
  keepHead(checkpoint, new Date());
}

/** Check the newest checkpoint against what this browser saw, and against `kept`, a signed note that the reader has. Throws Problem and Malformed. */
export async function verifyLog(kept: string, key: string): Promise<Verdict> {
  const steps = new Steps();
  const yours = kept ? steps.take("kept", "Read the checkpoint that you kept", () => read(kept)) : undefined;
  const origin = yours?.origin ?? "";
  const log = await askLog(origin, key);
  if (!kept && !log?.checkpoint && listHeads().length === 0) throw new Malformed("Nothing has been published yet.");
  const trusted = findKeys(key, origin || (log?.origin ?? ""), log);
  if (yours) steps.take("kept-signed", "Check the signature of the checkpoint that you kept", () => checkSigned(yours, trusted));
  if (!origin && log) findLost(steps, log);
  if (kept && !yours) return { steps: steps.list, holds: false, said: undefined, by: undefined };
  const found = await checkNewest(steps, log, trusted, yours);
  if (found.head && found.by) remember(steps, found.head, found.by);
  return { steps: steps.list, holds: steps.hold, said: undefined, ...found };
}

function read(text: string) {
  const checkpoint = parseCheckpoint(text);
  return { ...checkpoint, passed: true, says: `It says that the log ${checkpoint.origin} had ${formatCount(checkpoint.size)} entries.`, values: [["Root", checkpoint.text.split("\n")[2] ?? ""]] as [string, string][] };
}

async function checkNewest(steps: Steps, log: Log | undefined, trusted: readonly Trusted[], yours: Checkpoint | undefined): Promise<{ head: Checkpoint | undefined; by: Trusted | undefined }> {
  const newest = steps.take("newest", "Read the newest checkpoint of this server", () => {
    if (!log?.checkpoint) throw new Malformed(yours ? `This server shows no log ${yours.origin}: it never had it, or does not show it any more.` : "This server shows no log any more.");
    return read(log.checkpoint);
  });
  if (!log || !newest) return { head: undefined, by: undefined };
  const signed = steps.take("signature", "Check the signature of the checkpoint", () => checkSigned(newest, trusted));
  const by = signed?.by;
  if (!by) return { head: newest, by };
  steps.tell("key", "Where the key comes from", tellKey(by), showKeys(by));
  if (yours) {
    const kept = { ...tree(yours), whose: "you kept" };
    await checkJoined(steps, "join", "Compare with the checkpoint that you kept", tree(newest), kept, log.number);
  }
  await checkOutside(steps, newest, trusted, log, by);
  if (log.is_halted) steps.tell("halted", "What the server says of itself", "It says that it adds nothing any more: its database is a copy, or does not extend what was signed before.");
  return { head: newest, by };
}

/** Logs that this browser saw here and that the server does not show any more. */
function findLost(steps: Steps, log: Log): void {
  const shown = new Set([log.origin, ...log.earlier.map((one) => one.origin)]);
  for (const { checkpoint, seen } of listHeads().filter((head) => !shown.has(head.checkpoint.origin))) {
    steps.take(`lost ${checkpoint.origin}`, "Look for the log that this browser saw before", () => ({
      passed: false,
      says: `This browser saw the log ${checkpoint.origin} with ${formatCount(checkpoint.size)} entries here at ${formatTime(seen)}. This server does not show it any more: it was taken away, or another installation answers at this address now.`,
      values: [["The checkpoint of then", checkpoint.raw]],
    }));
  }
}
