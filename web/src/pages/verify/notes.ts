/** Signed checkpoints (C2SP signed-note, tlog-checkpoint), the keys that sign them, and proof files. Pure. */
import { hashes, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { fromBase64, hash, isSame, Malformed, shorten, toBytes, toHex, toText } from "./bytes";

hashes.sha512 = sha512;

const SIGNATURE = 1;
const MOST_SIGNATURES = 100;
const LONGEST_PATH = 63;
const DASH = "\u2014";

/** A public Ed25519 key of a log. */
export interface Key {
  text: string;
  name: string;
  id: Uint8Array;
  publicKey: Uint8Array;
}

export interface Signature {
  name: string;
  id: Uint8Array;
  bytes: Uint8Array;
}

/** What a checkpoint says: `root` is the root over the first `size` entries of log `origin`. */
export interface Checkpoint {
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
  const [name, id, blob] = match(/^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/, trimmed) as [string, string, string];
  const bytes = fromBase64(blob, 33);
  const named = hash(toBytes(`${name}\n`), bytes).slice(0, 4);
  if (bytes[0] !== SIGNATURE || toHex(named) !== id) {
    throw new Malformed("Name, id and Ed25519 key of this verifier key do not belong together.");
  }
  return { text: trimmed, name, id: named, publicKey: bytes.slice(1) };
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
  return { origin, size: parseSize(size), root: fromBase64(root, 32), text, signatures };
}

/** Read a `.tlog-proof` file, c2sp.org/tlog-proof@v1. Throws Malformed. */
export function parseProof(raw: string): Proof {
  const [extra, rest] = match(/^c2sp\.org\/tlog-proof@v1\n(?:extra (\S*)\n)?([\s\S]*)$/, raw) as [string, string];
  const end = rest.indexOf("\n\n");
  if (end < 0) throw new Malformed("The proof brings no checkpoint.");
  const [number, ...path] = rest.slice(0, end).split("\n") as [string, ...string[]];
  if (path.length > LONGEST_PATH) throw new Malformed(`The proof has more than ${LONGEST_PATH} hashes.`);
  return {
    index: parseSize(match(/^index (.*)$/, number)[0]!),
    path: path.map((item) => fromBase64(item, 32)),
    checkpoint: parseCheckpoint(rest.slice(end + 2)),
    extra: toText(fromBase64(extra)),
  };
}

/** What the signatures in the name of a key say: it signed, a signature does not hold, or there is none. */
export function checkSignature(checkpoint: Checkpoint, key: Key): "signed" | "forged" | "absent" {
  const own = checkpoint.signatures.filter((one) => one.name === key.name && isSame(one.id, key.id));
  if (own.length === 0) return "absent";
  const text = toBytes(checkpoint.text);
  return own.every((one) => holds(one.bytes, text, key.publicKey)) ? "signed" : "forged";
}

function holds(signature: Uint8Array, text: Uint8Array, key: Uint8Array): boolean {
  try {
    return verify(signature, text, key, { zip215: false });
  } catch {
    return false;
  }
}
