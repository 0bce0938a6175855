/** The whole check of what was given: fetch what is missing, take all steps, say what was proved. */
import { api, Problem, take } from "../../lib/api";
import { Malformed } from "./bytes";
import { checkAgrees, checkCredential } from "./credential";
import { fetchGiven, fetchProof } from "./fetching";
import { recognise } from "./given";
import { findKeys, keepKey } from "./keys";
import { parseProof } from "./notes";
import { checkStatement, type Given, type Said, type Trusted } from "./statement";
import { Steps, type Step } from "./steps";

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
  /** No proof came with a credential, so only its issuer vouches for it. */
  unproved: boolean;
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
  if (piece.is === "proof" || piece.is === "key") {
    throw new Malformed("This is a proof or a key; give the rows, one row or a credential as what was said.");
  }
  const id = piece.is === "publication" ? piece.id : "";
  if (!proof.trim() && !id) throw new Malformed("A row or a list of rows alone proves nothing: give its proof too.");
  // What is pasted keeps its bytes but for the end, which editors and forms cut.
  const given = proof.trim() ? `${proof.replaceAll("\r\n", "\n").trim()}\n` : await fetchProof(id, undefined);
  return judge({ text: piece.text, proof: given, id }, key);
}

async function judge(given: Given, key: string): Promise<Verdict> {
  const steps = new Steps();
  const { said, by } = checkStatement(steps, given, await findTrusted(given.proof, key));
  return conclude(steps, said, by);
}

async function verifyCredential(text: string, key: string): Promise<Verdict> {
  const steps = new Steps();
  const shown = await checkCredential(steps, text, new Date(), findIssuer);
  if (!shown?.evidence) return { ...conclude(steps, undefined, undefined), unproved: true };
  const { row, proof } = shown.evidence;
  const id = String(shown.claims.get("publication")?.value ?? "");
  const { said, by } = checkStatement(steps, { text: row, proof, id }, await findTrusted(proof, key));
  if (said) checkAgrees(steps, shown, said);
  return conclude(steps, said, by);
}

function conclude(steps: Steps, said: Said | undefined, by: Trusted | undefined): Verdict {
  if (steps.hold && by) keepKey(by);
  return { steps: steps.list, holds: steps.hold, said, by, unproved: false };
}

async function findTrusted(proof: string, key: string): Promise<Trusted[]> {
  let origin = "";
  try {
    origin = parseProof(proof).checkpoint.origin;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  return findKeys(key, origin);
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
