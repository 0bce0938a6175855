/** Signed checkpoints (C2SP signed-note, tlog-checkpoint), the keys that sign them, and proof files. Pure. */
import { hashes, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { fromBase64, hash, isSame, Malformed, shorten, toBytes, toHex, toText } from "./bytes";

hashes.sha512 = sha512;

/** Kinds of keys: they sign a text, or a text together with the time. */
export const SIGNATURE = 1;
export const COSIGNATURE = 4;
const MOST_SIGNATURES = 100;
const LONGEST_PATH = 63;
const DASH = "\u2014";

/** A public Ed25519 key of a log or of a witness. */
export interface Key {
  text: string;
  name: string;
  kind: number;
  id: Uint8Array;
  publicKey: Uint8Array;
}

export interface Signature {
  name: string;
  id: Uint8Array;
  bytes: Uint8Array;
}

/** What a checkpoint says: `root` is the root over the first `size` entries of log `origin`; `raw` is the whole note. */
export interface Checkpoint {
  raw: string;
  origin: string;
  size: number;
  root: Uint8Array;
  text: string;
  signatures: readonly Signature[];
}

/** A `.tlog-proof` file. */
export interface Proof {
  index: number;
  path: readonly Uint8Array[];
  checkpoint: Checkpoint;
  extra: string;
}

/** A consistency file: joins the tree of the first `oldSize` entries to a checkpoint's. */
export interface Extension {
  oldSize: number;
  path: readonly Uint8Array[];
  checkpoint: Checkpoint;
}

function match(pattern: RegExp, text: string): string[] {
  const found = pattern.exec(text);
  if (!found) throw new Malformed(`“${shorten(text)}” cannot be read.`);
  return found.slice(1).map((part) => part ?? "");
}

function parseSize(text: string): number {
  match(/^(?:0|[1-9][0-9]{0,18})$/, text);
  const size = Number(text);
  if (!Number.isSafeInteger(size)) throw new Malformed(`${text} is more than a browser can count.`);
  return size;
}

/** Read a verifier key, `name+id+base64`. Throws Malformed. */
export function parseKey(text: string): Key {
  const trimmed = text.trim();
  const [name, id, blob] = match(/^([^\s+\p{Cc}]+)\+([0-9a-f]{8})\+(\S+)$/u, trimmed) as [string, string, string];
  const bytes = fromBase64(blob, 33);
  const named = hash(toBytes(`${name}\n`), bytes).slice(0, 4);
  const kind = bytes[0]!;
  if ((kind !== SIGNATURE && kind !== COSIGNATURE) || toHex(named) !== id) {
    throw new Malformed("Name, id and Ed25519 key of this verifier key do not belong together.");
  }
  return { text: trimmed, name, kind, id: named, publicKey: bytes.slice(1) };
}

/** Read a checkpoint; says nothing about its signatures. Throws Malformed. */
export function parseCheckpoint(raw: string): Checkpoint {
  const end = raw.lastIndexOf("\n\n");
  const lines = raw.slice(end + 2).split("\n");
  if (end < 1 || lines.pop() !== "" || lines.length > MOST_SIGNATURES) {
    throw new Malformed("A checkpoint is a text, an empty line and lines of signatures.");
  }
  const signatures = lines.map((line) => {
    const [name, blob] = match(new RegExp(`^${DASH} ([^\\s+]+) (\\S+)$`), line) as [string, string];
    const bytes = fromBase64(blob);
    return { name, id: bytes.slice(0, 4), bytes: bytes.slice(4) };
  });
  const [origin, size, root, ...more] = raw.slice(0, end).split("\n");
  if (!origin || !size || !root || more.some((line) => !line)) throw new Malformed("A line of the checkpoint is empty.");
  const text = raw.slice(0, end + 1);
  return { raw, origin, size: parseSize(size), root: fromBase64(root, 32), text, signatures };
}

/** Read a `.tlog-proof` file, c2sp.org/tlog-proof@v1. Throws Malformed. */
export function parseProof(raw: string): Proof {
  const [extra, rest] = match(/^c2sp\.org\/tlog-proof@v1\n(?:extra (\S*)\n)?([\s\S]*)$/, raw) as [string, string];
  const { number, ...found } = parsePath("index", rest);
  return { index: number, ...found, extra: toText(fromBase64(extra)) };
}

/** Read a consistency file, the body of a witness' add-checkpoint. Throws Malformed. */
export function parseExtension(raw: string): Extension {
  const { number, ...found } = parsePath("old", raw);
  return { oldSize: number, ...found };
}

function parsePath(name: string, text: string) {
  const end = text.indexOf("\n\n");
  if (end < 0) throw new Malformed("The proof brings no checkpoint.");
  const [first, ...path] = text.slice(0, end).split("\n") as [string, ...string[]];
  if (path.length > LONGEST_PATH) throw new Malformed(`The proof has more than ${LONGEST_PATH} hashes.`);
  return {
    number: parseSize(match(new RegExp(`^${name} (.*)$`), first)[0]!),
    path: path.map((item) => fromBase64(item, 32)),
    checkpoint: parseCheckpoint(text.slice(end + 2)),
  };
}

/** What the signatures of a key say: it signed (a witness: at these POSIX seconds), one does not hold, or there is none. */
export function checkSignature(checkpoint: Checkpoint, key: Key): { state: "signed" | "forged" | "absent"; times: number[] } {
  const own = checkpoint.signatures.filter((one) => one.name === key.name && isSame(one.id, key.id));
  if (own.length === 0) return { state: "absent", times: [] };
  const found = own.map((one) => readSignature(one, checkpoint, key));
  return { state: found.every(({ holds }) => holds) ? "signed" : "forged", times: found.map(({ time }) => time) };
}

function readSignature({ bytes }: Signature, checkpoint: Checkpoint, key: Key): { holds: boolean; time: number } {
  if (key.kind === SIGNATURE) return { holds: holds(bytes, checkpoint.text, key), time: 0 };
  const time = bytes.slice(0, 8).reduce((sum, byte) => sum * 256 + byte, 0);
  const isTold = bytes.length > 8 && Number.isSafeInteger(time);
  return { holds: isTold && holds(bytes.slice(8), `cosignature/v1\ntime ${time}\n${checkpoint.text}`, key), time };
}

function holds(signature: Uint8Array, text: string, key: Key): boolean {
  try {
    return verify(signature, toBytes(text), key.publicKey, { zip215: false });
  } catch {
    return false;
  }
}
