/** A signed credential (SD-JWT VC with ES256): its signature, what it discloses, whether it stands, and the row behind it. */
import { fromBase64Url, hash, Malformed, toBase64Url, toBytes, toText } from "./bytes";
import { parse, type Node } from "./json";
import { canCheck, isSigned, readDidKey } from "./p256";
import { checkStatus } from "./status";
import type { Steps } from "./steps";
import { openToken, type Token } from "./token";

const LEEWAY_S = 60;

export interface Shown {
  claims: ReadonlyMap<string, Node>;
  /** Members of the row that the holder discloses. */
  said: ReadonlyMap<string, Node>;
  evidence: { row: string; proof: string } | undefined;
}

/** The key of an issuer that is no did:key, and where it was found; undefined where it cannot be. */
export type FindIssuer = (did: string, kid: string) => Promise<JsonWebKey | undefined>;

/** All steps but those of the evidence, which is a row with its proof. */
export async function checkCredential(steps: Steps, text: string, now: Date, find: FindIssuer): Promise<Shown | undefined> {
  const parts = text.trim().split("~");
  const binding = parts.pop()!;
  const opened = steps.take("credential", "Read the credential", () => openToken(parts[0] ?? "", "dc+sd-jwt"));
  if (!opened) return undefined;
  const key = await checkIssuer(steps, opened, find);
  const shown = steps.take("disclosures", "Compare what is disclosed with what was signed", () => disclose(opened.claims, parts.slice(1)));
  steps.take("validity", "Check its time", () => checkTimes(opened.claims, now));
  await checkBinding(steps, opened.claims, binding, `${parts.join("~")}~`);
  await checkStatus(steps, opened.claims, key, now);
  return shown;
}

/** The issuer's key, where the signature holds. */
async function checkIssuer(steps: Steps, token: Token, find: FindIssuer): Promise<JsonWebKey | undefined> {
  const title = "Check the issuer's signature";
  const did = String(token.claims.get("iss")?.value ?? "");
  const kid = String(token.header.get("kid")?.value ?? "");
  const isOwn = did.startsWith("did:key:");
  let key: JsonWebKey | undefined;
  try {
    key = isOwn ? readDidKey(did) : await find(did, kid);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    steps.take("issuer", title, () => ({ passed: false, says: error.message }));
    return undefined;
  }
  const held = canCheck && key !== undefined && (await isSigned(key, token.signature, token.signed));
  steps.take("issuer", title, () => {
    if (!key) throw new Malformed(`The key of ${did || "the issuer"} is not this server's, and no other is asked.`);
    if (!canCheck) throw new Malformed("This browser checks ES256 only on pages that came over HTTPS or from the same machine.");
    const says = held ? "The ES256 signature holds." : "The signature does not belong to this credential: it was changed, or another key signed it.";
    return { passed: held, says, values: [["Signature", toBase64Url(token.signature)]] };
  });
  const from = isOwn
    ? "The issuer's name is its key, so nothing had to be looked up. Whether that issuer is one to trust, only you can know: anybody can make such a name."
    : "This server's own DID document names the key. Whether that issuer is one to trust, only you can know.";
  if (held) steps.tell("issuer-key", "Where the issuer's key comes from", from, [["Issuer", did]]);
  return held ? key : undefined;
}

function disclose(claims: ReadonlyMap<string, Node>, disclosures: readonly string[]) {
  const said = claims.get("said")?.members;
  const [outer, inner] = [claims.get("_sd"), said?.get("_sd")].map((list) => (list?.items ?? []).map((item) => item.value));
  const found = { claims: new Map(claims), said: new Map(said) };
  found.said.delete("_sd");
  for (const text of disclosures) {
    const digest = toBase64Url(hash(toBytes(text)));
    const [, name, value] = parse(toText(fromBase64Url(text))).items ?? [];
    const into = outer!.includes(digest) ? found.claims : inner!.includes(digest) ? found.said : undefined;
    if (typeof name?.value !== "string" || !value) throw new Malformed("A disclosure is no list of salt, name and value.");
    if (!into) throw new Malformed(`What it discloses as “${name.value}” was not signed: it was changed or added.`);
    if (into.has(name.value)) throw new Malformed(`“${name.value}” is said twice.`);
    into.set(name.value, value);
  }
  const evidence = found.claims.get("evidence")?.members;
  const [row, proof] = [evidence?.get("row")?.value, evidence?.get("proof")?.value];
  const values = [...found.said].map(([name, node]): [string, string] => [name, typeof node.value === "string" ? node.value : node.text]);
  return {
    passed: true,
    says: `${disclosures.length} disclosures, each hashed and found among the digests that were signed.`,
    values,
    ...found,
    evidence: typeof row === "string" && typeof proof === "string" ? { row, proof } : undefined,
  };
}

function checkTimes(claims: ReadonlyMap<string, Node>, now: Date) {
  const [issued, expires, from] = ["iat", "exp", "nbf"].map((name) => claims.get(name)?.value);
  const seconds = now.getTime() / 1000;
  if (typeof expires !== "number") throw new Malformed("It does not say when it ends.");
  const isEarly = [issued, from].some((time) => typeof time === "number" && time > seconds + LEEWAY_S);
  const isOver = expires < seconds - LEEWAY_S;
  const show = (time: unknown) => (typeof time === "number" ? `${new Date(time * 1000).toISOString().slice(0, 19)}Z` : "–");
  const says = isOver ? "It has expired." : isEarly ? "It is from the future." : "It is valid now, by the clock of this computer.";
  return { passed: !isEarly && !isOver, says, values: [["Issued", show(issued)], ["Ends", show(expires)]] as [string, string][] };
}

async function checkBinding(steps: Steps, claims: ReadonlyMap<string, Node>, text: string, presented: string): Promise<void> {
  const title = "Check that its holder shows it";
  const holder = claims.get("cnf")?.members?.get("jwk")?.value as JsonWebKey | undefined;
  if (!text) {
    const says = holder
      ? "It is bound to a holder's key, but was given without their signature: it may be a copy."
      : "It is bound to nobody: whoever copies it may show it.";
    steps.tell("binding", title, says);
    return;
  }
  const token = steps.take("binding", title, () => {
    if (!holder) throw new Malformed("Somebody signed for it, but the credential names no holder's key.");
    const opened = openToken(text, "kb+jwt");
    const passed = opened.passed && opened.claims.get("sd_hash")?.value === toBase64Url(hash(toBytes(presented)));
    const says = passed ? "The holder's token is of exactly what is shown here." : "The holder's token was made over other disclosures.";
    return { ...opened, passed, says, values: [] };
  });
  if (!token || !holder || !canCheck) return;
  const passed = await isSigned(holder, token.signature, token.signed);
  const says = passed
    ? "The holder's signature holds. For whom and when it was made is not checked here."
    : "The holder's signature does not hold.";
  steps.take("holder", "Check the holder's signature", () => ({ passed, says }));
}

/** Whether what was disclosed is what the sealed row and its header say. */
export function checkAgrees(steps: Steps, shown: Shown, header: { kind: string; asOf: string; publishedAt: string; origin: string }): void {
  steps.take("agrees", "Compare the claims with the sealed row", () => {
    const row = parse(shown.evidence!.row).members;
    const wrong = [...shown.said].filter(([name, node]) => row?.get(name)?.text !== node.text).map(([name]) => name);
    const told = { kind: header.kind, as_of: header.asOf, published_at: header.publishedAt, origin: header.origin };
    wrong.push(...Object.entries(told).filter(([name, value]) => shown.claims.get(name)?.value !== value).map(([name]) => name));
    const says = wrong.length === 0 ? "Every claim is what the sealed row and its header say." : `These claims say something else: ${wrong.join(", ")}.`;
    return { passed: wrong.length === 0, says };
  });
}
