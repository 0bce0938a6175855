/** The newest checkpoint of each log that this browser saw and checked, kept so that a rewritten log is noticed. */
import { Malformed } from "./bytes";
import { parseCheckpoint, type Checkpoint } from "./notes";

const KEPT = "assay-log-heads";

/** What was first seen after this is no memory: the page itself has just kept it. */
export const OPENED = new Date();

export interface Head {
  checkpoint: Checkpoint;
  /** When this browser saw it. */
  seen: Date;
}

type Kept = { [origin: string]: { note: string; seen: string } };

function read(): Kept {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Kept) : {};
  } catch {
    return {};
  }
}

/** As it was when the page was opened. */
let before = read();

function parse(kept: Kept): Head[] {
  return Object.entries(kept).flatMap(([origin, { note, seen }]) => {
    try {
      const head = { checkpoint: parseCheckpoint(String(note)), seen: new Date(seen) };
      return head.checkpoint.origin === origin && !Number.isNaN(head.seen.getTime()) ? [head] : [];
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return [];
    }
  });
}

/** The newest checkpoint of every log from before this page was opened; what cannot be read is none. */
export function listHeads(): Head[] {
  return parse(before);
}

/** Of one log: that one, and the newest that this page itself has kept. */
export function findHeads(origin: string): { before: Head | undefined; now: Head | undefined } {
  const find = (kept: Kept) => parse(kept).find(({ checkpoint }) => checkpoint.origin === origin);
  return { before: find(before), now: find(read()) };
}

/** Keep a checkpoint that was checked and joined to what was kept before; a smaller one tells nothing more. */
export function keepHead(checkpoint: Checkpoint, now: Date): void {
  const kept = findHeads(checkpoint.origin).now;
  if (kept && kept.checkpoint.size >= checkpoint.size) return;
  const head = { note: checkpoint.raw, seen: now.toISOString() };
  localStorage.setItem(KEPT, JSON.stringify({ ...read(), [checkpoint.origin]: head }));
}

export function forgetHeads(): void {
  localStorage.removeItem(KEPT);
  before = {};
}
