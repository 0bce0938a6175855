/** Whether a credential was withdrawn: its bit in the list that its issuer signs. */
import { Problem } from "../../lib/api";
import { fromBase64Url, Malformed } from "./bytes";
import { fetchStatusList } from "./fetching";
import type { Node } from "./json";
import { canCheck, isSigned } from "./p256";
import type { Steps } from "./steps";
import { openToken } from "./token";

type Claims = ReadonlyMap<string, Node>;

const TITLE = "Check that it was not withdrawn";
const LEEWAY_S = 60;
const MOST_BYTES = 4 * 1024 * 1024;
const WIDTHS = [1, 2, 4, 8];

/** Only lists of this server are fetched: which others to ask, the credential must not choose. `key` is the issuer's, where its signature holds. */
export async function checkStatus(steps: Steps, claims: Claims, key: JsonWebKey | undefined, now: Date): Promise<void> {
  if (!key) {
    steps.skip("status", TITLE);
    return;
  }
  const place = claims.get("status")?.members?.get("status_list")?.members;
  const [uri, index] = [place?.get("uri")?.value, place?.get("idx")?.value];
  const number = typeof uri === "string" ? /\/v1\/credentials\/status\/(\d{1,9})$/.exec(uri)?.[1] : undefined;
  if (typeof uri !== "string" || typeof index !== "number" || index < 0) {
    steps.take("status", TITLE, () => ({ passed: false, says: "It does not say where its status can be read." }));
    return;
  }
  const text = number === undefined ? undefined : await fetchList(number);
  if (text === undefined) {
    steps.tell("status", TITLE, "Not checked: this server does not hand out its list now, and no other is asked, for the credential must not choose whom. Ask its issuer:", [["Command", `curl -s '${uri.replaceAll("'", "")}'`]]);
    return;
  }
  try {
    const found = await read(text, { uri, issuer: String(claims.get("iss")?.value), key, now, index });
    steps.take("status", TITLE, () => found);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    steps.take("status", TITLE, () => ({ passed: false, says: error.message }));
  }
}

async function fetchList(number: string): Promise<string | undefined> {
  try {
    return await fetchStatusList(number);
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

interface Asked {
  uri: string;
  issuer: string;
  key: JsonWebKey;
  now: Date;
  index: number;
}

async function read(text: string, { uri, issuer, key, now, index }: Asked) {
  const token = openToken(text.trim(), "statuslist+jwt");
  const claim = (name: string) => token.claims.get(name)?.value;
  const seconds = now.getTime() / 1000;
  const [issued, ends] = [claim("iat"), claim("exp")];
  const refuse = (says: string) => ({ passed: false, says });
  if (!token.passed || !canCheck || !(await isSigned(key, token.signature, token.signed))) {
    return refuse("The list of what was withdrawn is not signed by the issuer's key.");
  }
  if (claim("sub") !== uri || (token.claims.has("iss") && claim("iss") !== issuer)) return refuse("The list is another one than the credential names.");
  if (typeof ends !== "number" || ends + LEEWAY_S <= seconds || (typeof issued === "number" && issued > seconds + LEEWAY_S)) {
    return refuse("The list does not hold now: it is an old one, or from the future.");
  }
  const list = token.claims.get("status_list")?.members;
  const [width, packed] = [list?.get("bits")?.value, list?.get("lst")?.value];
  if (!WIDTHS.includes(Number(width)) || typeof packed !== "string") throw new Malformed("The list of what was withdrawn cannot be read.");
  const status = readStatus(await inflate(fromBase64Url(packed)), index, Number(width));
  const values: [string, string][] = [["List", uri], ["Place", String(index)], ["Status", String(status)], ["Signed", show(issued)], ["Holds until", show(ends)]];
  const says =
    status === 0
      ? "Its place in the list that the issuer signed says: it stands."
      : "Withdrawn: its issuer took it back, or what it says was corrected or withdrawn in the log. It does not hold any more.";
  return { passed: status === 0, says, values };
}

function readStatus(bytes: Uint8Array, index: number, width: number): number {
  const byte = bytes[Math.floor((index * width) / 8)];
  if (byte === undefined) throw new Malformed("The list of what was withdrawn ends before the place of this credential.");
  return (byte >> ((index * width) % 8)) & ((1 << width) - 1);
}

/** Unpack zlib, no more than a bounded length: a small text may unpack to a huge one. */
async function inflate(packed: Uint8Array): Promise<Uint8Array> {
  const reader = new Blob([packed.slice()]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const found: Uint8Array[] = [];
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > MOST_BYTES) throw new Malformed("The list of what was withdrawn is too large.");
      found.push(part.value);
    }
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed("The list of what was withdrawn is not packed as it should be.");
  }
  return new Uint8Array(await new Blob(found.map((part) => part.slice())).arrayBuffer());
}

function show(time: unknown): string {
  return typeof time === "number" ? `${new Date(time * 1000).toISOString().slice(0, 19)}Z` : "–";
}
