/** Whether a checkpoint is signed by a key of its log, and what that key is worth. Pure. */
import { formatCount } from "../../lib/format";
import { toBase64 } from "./bytes";
import { checkSignature, SIGNATURE, type Checkpoint, type Key } from "./notes";

/** A key of a log and who named it. */
export interface Trusted {
  key: Key;
  from: "you" | "browser" | "server";
  /** When this browser first saw it; "" of a key that it did not know. */
  since: string;
  /** The other keys of this log that this browser knows, and since when. */
  rivals: readonly { text: string; since: string }[];
}

/** Whether the log itself signed: keys of another name do not count, because one key may sign many logs. */
export function checkSigned(checkpoint: Checkpoint, trusted: readonly Trusted[]) {
  const own = trusted.filter(({ key }) => key.kind === SIGNATURE && key.name === checkpoint.origin);
  const found = own.map((one) => ({ one, ...checkSignature(checkpoint, one.key) }));
  const by = found.find(({ state }) => state === "signed")?.one;
  const isForged = found.some(({ state }) => state === "forged");
  const passed = by !== undefined && !isForged;
  const says = passed
    ? `The Ed25519 signature over the checkpoint holds: the log said that it had ${formatCount(checkpoint.size)} entries with this root.`
    : isForged
      ? "A signature in the name of the log does not belong to this checkpoint: the text or the signature was changed."
      : own.length > 0
        ? "None of the keys at hand signed this checkpoint."
        : `There is no key of ${checkpoint.origin} at hand: give the one that you know.`;
  const values: [string, string][] = [
    ["Signed text", checkpoint.text],
    ...checkpoint.signatures.map(({ name, bytes }): [string, string] => [`Signature of ${name}`, toBase64(bytes)]),
  ];
  return { passed, says, values, by: passed ? by : undefined };
}

export function tellKey({ from, since, rivals }: Trusted): string {
  if (from === "you") return "You gave it. The proof is as good as the place you have it from.";
  const known = from === "browser" ? `This browser has known it since ${toDay(since)}, when this server first named it` : "This server named it just now";
  if (rivals.length > 0) {
    return `${known}, but this browser has known another key of this log since ${rivals.map((rival) => toDay(rival.since)).join(" and ")}. A log may change its key; ask somebody else before you believe this one.`;
  }
  if (from === "browser") return `${known}. It has not changed since; compare it with one from elsewhere to be sure.`;
  return "This server named it just now, so all this shows only that the server agrees with itself. Compare it with a key that you have from elsewhere; this browser keeps it from now on.";
}

/** The key and those that stand against it. */
export function showKeys({ key, rivals }: Trusted): [string, string][] {
  return [["Key", key.text], ...rivals.map(({ text, since }): [string, string] => [`Another key, known since ${toDay(since)}`, text])];
}

function toDay(moment: string): string {
  return moment.slice(0, 10);
}
