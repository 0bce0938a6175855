/** The whole check of what was given: fetch what is missing, take all steps, say what was proved. */
import { api, Problem, take } from "../../lib/api";
import { Malformed } from "./bytes";
import { checkAgrees, checkCredential } from "./credential";
import { fetchGiven, fetchProof } from "./fetching";
import { recognise } from "./given";
import { findKeys } from "./keys";
import { parseProof, type Checkpoint } from "./notes";
import { checkOutside, checkTime } from "./outside";
import type { Trusted } from "./signed";
import { checkStatement, type Given, type Said } from "./statement";
import { Steps, type Step } from "./steps";
import { askLog, remember, verifyLog } from "./watch";

export interface Asked {
  statement: string;
  proof: string;
  key: string;
}

export interface Verdict {
  steps: readonly Step[];
  holds: boolean;
  said: Said | undefined;
  by: Trusted | undefined;
  /** The checkpoint, where the log itself was looked at and no statement. */
  head?: Checkpoint | undefined;
}

/** Check a publication of the server by its id, or one row of it. Throws Problem and Malformed. */
export async function verifyId(id: string, row: number | undefined, key: string): Promise<Verdict> {
  return judge(await fetchGiven(id, row), key);
}

/** Check what was pasted. Throws Problem and Malformed. */
export async function verifyAsked({ statement, proof, key }: Asked): Promise<Verdict> {
  const piece = recognise(statement);
  if (piece.is === "id") return verifyId(piece.text, undefined, key);
  if (piece.is === "credential") return verifyCredential(piece.text, key);
  if (piece.is === "checkpoint") return verifyLog(piece.text, key);
  if (piece.is === "proof" || piece.is === "key") {
    throw new Malformed("This is a proof or a key; give the rows, one row, a credential or a checkpoint as what was said.");
  }
  const id = piece.is === "publication" ? piece.id : "";
  if (!proof.trim() && !id) throw new Malformed("A row or a list of rows alone proves nothing: give its proof too.");
  // What is pasted keeps its bytes but for the end, which editors and forms cut.
  const given = proof.trim() ? `${proof.replaceAll("\r\n", "\n").trim()}\n` : await fetchProof(id, undefined);
  return judge({ text: piece.text, proof: given, id, row: id ? "all" : undefined }, key);
}

async function judge(given: Given, key: string): Promise<Verdict> {
  const steps = new Steps();
  return conclude(steps, await checkProved(steps, given, key));
}

async function verifyCredential(text: string, key: string): Promise<Verdict> {
  const steps = new Steps();
  const shown = await checkCredential(steps, text, new Date(), findIssuer);
  if (!shown?.evidence) return conclude(steps, {});
  const { row, proof } = shown.evidence;
  const id = String(shown.claims.get("publication")?.value ?? "");
  const found = await checkProved(steps, { text: row, proof, id, row: undefined }, key);
  if (found.said) checkAgrees(steps, shown, found.said);
  return conclude(steps, found);
}

interface Found {
  said?: Said;
  by?: Trusted;
}

/** The statement in its tree; then, where the log signed that tree, what others say of it. */
async function checkProved(steps: Steps, given: Given, key: string): Promise<Found> {
  const origin = findOrigin(given.proof);
  const log = await askLog(origin, key);
  const trusted = findKeys(key, origin, log);
  const found = checkStatement(steps, given, trusted);
  if (found.said && found.by) {
    const views = await checkOutside(steps, found.said.checkpoint, trusted, log, found.by);
    checkTime(steps, found.said, views);
  }
  return found;
}

function conclude(steps: Steps, { said, by }: Found): Verdict {
  if (said && by) remember(steps, said.checkpoint, by);
  return { steps: steps.list, holds: steps.hold, said, by };
}

function findOrigin(proof: string): string {
  try {
    return parseProof(proof).checkpoint.origin;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return "";
  }
}

/** Only this server's own document is read: which others to ask, the credential must not choose. */
async function findIssuer(did: string, kid: string): Promise<JsonWebKey | undefined> {
  try {
    const document = await take(api.GET("/.well-known/did.json"));
    if (document.id !== did || !document.assertionMethod.includes(kid)) return undefined;
    const found = document.verificationMethod.find((method) => String(method.id) === kid);
    return found?.publicKeyJwk as JsonWebKey | undefined;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return undefined;
    throw error;
  }
}
