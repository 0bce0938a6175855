/** A row or all rows of a publication with its proof: does it stand in the signed log? Pure. */
import { formatCount } from "../../lib/format";
import { fromBase64, hash, Malformed, toBytes, toHex } from "./bytes";
import { parse, type Node } from "./json";
import { parseProof, type Checkpoint, type Proof } from "./notes";
import { checkSigned, showKeys, tellKey, type Trusted } from "./signed";
import type { Steps } from "./steps";
import { climb, computeRoot, hashLeaf, leadsTo, type Rung } from "./tree";

export interface Given {
  text: string;
  proof: string;
  /** The id by which it was asked for, where it was. */
  id: string;
  /** The place of the row that was asked for, or all of them together; undefined: whichever it is. */
  row: number | "all" | undefined;
}

export interface Said {
  kind: string;
  asOf: string;
  publishedAt: string;
  origin: string;
  rowCount: number;
  digest: string;
  /** Entries of the log at the checkpoint, and the place in it. */
  log: string;
  size: number;
  index: number;
  checkpoint: Checkpoint;
  /** Nobody can bear witness to its time: it is a replay, or claims to be older than the log. */
  isTimeless: boolean;
  /** Place of the single row that was shown. */
  row: number | undefined;
  /** What was shown, as it was read; undefined where it could not be. */
  shown: Node | undefined;
}

interface Opened {
  proof: Proof;
  header: string;
  said: ReadonlyMap<string, Node>;
  row: { index: number; count: number; path: Uint8Array[] } | undefined;
}

const TITLES = {
  read: "Read it and write it canonically",
  proof: "Read the proof",
  rows: "Hash it and compare with the publication's header",
  id: "Compare with what was asked for",
  header: "Climb from the header to the root of the log",
  signature: "Check the signature of the checkpoint",
  key: "Where the key comes from",
};

/** All steps of a statement; what it says where the proof could be read, and the key that signed. */
export function checkStatement(steps: Steps, given: Given, trusted: readonly Trusted[]): { said?: Said; by?: Trusted } {
  const read = steps.take("read", TITLES.read, () => readShown(given.text));
  const opened = steps.take("proof", TITLES.proof, () => openProof(given.proof));
  if (!opened) {
    for (const name of ["rows", "header", "signature"] as const) steps.skip(name, TITLES[name]);
    return {};
  }
  if (read) steps.take("rows", TITLES.rows, () => (opened.row ? compareRow(read.shown, opened) : compareRows(read.shown, opened)));
  else steps.skip("rows", TITLES.rows);
  const digest = toHex(hash(toBytes(opened.header)));
  if (given.id) steps.take("id", TITLES.id, () => compareAsked(given, digest, opened));
  steps.take("header", TITLES.header, () => climbLog(opened));
  const signed = steps.take("signature", TITLES.signature, () => checkSigned(opened.proof.checkpoint, trusted));
  const by = signed?.by;
  if (by) steps.tell("key", TITLES.key, tellKey(by), showKeys(by));
  return { said: say(opened, digest, read?.shown), ...(by && { by }) };
}

const countRows = (count: number) => (count === 1 ? "1 row" : `${formatCount(count)} rows`);

function readShown(text: string) {
  const shown = parse(text.trim());
  const same = shown.text === text.trim();
  const bytes = toBytes(shown.text).length;
  const what = shown.items ? `A list of ${countRows(shown.items.length)}` : "One row";
  const says = same
    ? `${what}, ${bytes} bytes, canonical as it was given.`
    : `${what}, written anew with sorted names and no spaces: ${bytes} bytes. The meaning is the same, and these bytes were sealed.`;
  return { passed: true, says, shown };
}

function openProof(text: string) {
  const proof = parseProof(text);
  const extra = parse(proof.extra).members;
  const header = extra?.get("header")?.value;
  if (typeof header !== "string") throw new Malformed("The proof brings no header.");
  const said = parse(header).members;
  if (!said) throw new Malformed("The header is no object.");
  const { origin, size } = proof.checkpoint;
  const values: [string, string][] = [
    ["Log", origin],
    ["Entry", `${proof.index} of ${size}`],
    ["Header", header],
  ];
  const says = `It says that this is entry ${proof.index} of the log ${origin}. None of it is believed; the next steps check it.`;
  return { passed: true, says, values, proof, header, said, row: openRow(extra?.get("row")?.members) };
}

function openRow(told: ReadonlyMap<string, Node> | undefined): Opened["row"] {
  if (!told) return undefined;
  const [index, count, path] = [told.get("index")?.value, told.get("count")?.value, told.get("proof")?.items];
  if (typeof index !== "number" || typeof count !== "number" || !path) throw new Malformed("The path of the row is not complete.");
  return { index, count, path: path.map((item) => fromBase64(String(item.value), 32)) };
}

function compareRow(shown: Node, { said, row }: Opened) {
  if (shown.items) throw new Malformed("The proof is of one row, but a list of rows was given.");
  const { index, count, path } = row!;
  const leaf = hashLeaf(toBytes(shown.text));
  const rungs = climb(index, count, leaf, path);
  const sealed = String(said.get("rows_root")?.value);
  const root = rungs && toHex(rungs.at(-1)?.node ?? leaf);
  const passed = root === sealed && count === said.get("row_count")?.value;
  const says = passed
    ? `This is row ${index} of the ${count} that were sealed, unchanged.`
    : `These bytes are not row ${index} of what was published: something in them was changed, or the proof is of another row.`;
  const values: [string, string][] = [["Hash of the row", toHex(leaf)], ...showPath(rungs), ["Root of the rows, sealed", sealed]];
  return { passed, says, values };
}

function compareRows(shown: Node, { said }: Opened) {
  if (!shown.items) throw new Malformed("The proof is of all rows together, but one row was given.");
  const digest = toHex(hash(toBytes(shown.text)));
  const root = toHex(computeRoot(shown.items.map((item) => hashLeaf(toBytes(item.text)))));
  const sealed = ["rows_digest", "rows_root", "row_count"].map((name) => said.get(name)?.value);
  const isOld = said.get("version")?.value === 1 && !said.has("rows_root");
  const passed = digest === sealed[0] && (isOld || (root === sealed[1] && shown.items.length === sealed[2]));
  const says = passed
    ? `${countRows(shown.items.length)}, all of them as they were sealed.`
    : "These are not the rows that were published: something in them was changed, or the proof is of another publication.";
  const values: [string, string][] = [
    ["SHA-256, computed", digest],
    ["SHA-256, sealed", String(sealed[0])],
    ...(isOld ? [] : ([["Root of the rows, computed", root], ["Root of the rows, sealed", String(sealed[1])]] as [string, string][])),
  ];
  return { passed, says, values };
}

/** A server may answer with the true proof of something else. */
function compareAsked(asked: Given, digest: string, { said, row }: Opened) {
  const named = `${said.get("kind")?.value}-${said.get("as_of")?.value}-${digest.slice(0, 12)}`;
  const given = row?.index ?? "all";
  const isRow = asked.row === undefined || asked.row === given;
  const passed = asked.id === named && isRow;
  const says = passed
    ? `The id ends with the beginning of the header's SHA-256: it names exactly this header.${asked.row === undefined ? "" : ` The proof is of ${namePart(given)}, as was asked.`}`
    : isRow
      ? "The header is of another publication than the one that was asked for."
      : `The proof is of ${namePart(given)}, but ${namePart(asked.row!)} was asked for.`;
  return { passed, says, values: [["SHA-256 of the header", digest], ["Id of it", named]] as [string, string][] };
}

function namePart(row: number | "all"): string {
  return row === "all" ? "all rows together" : `row ${row}`;
}

function climbLog({ proof, header }: Opened) {
  const { index, path, checkpoint } = proof;
  const leaf = hashLeaf(toBytes(header));
  const rungs = climb(index, checkpoint.size, leaf, path);
  const passed = leadsTo(rungs, leaf, checkpoint.root);
  const says = passed
    ? `${path.length} hashes lead from the header to the root: it is entry ${index} of the ${checkpoint.size}.`
    : `The path does not lead from this header to the root: it is not entry ${index} of this tree, or the proof was changed.`;
  const root: [string, string] = ["Root in the checkpoint", toHex(checkpoint.root)];
  return { passed, says, values: [["Hash of the header", toHex(leaf)], ...showPath(rungs), root] as [string, string][] };
}

function showPath(rungs: readonly Rung[] | undefined): [string, string][] {
  if (!rungs) return [["Path", "does not fit a tree of this size"]];
  return rungs.map(({ side, neighbour, node }, i) => [`Up ${i + 1}`, `with ${toHex(neighbour)} on the ${side}: ${toHex(node)}`]);
}

function say({ proof, said, row }: Opened, digest: string, shown: Node | undefined): Said {
  const told = (name: string) => String(said.get(name)?.value ?? "");
  return {
    kind: told("kind"),
    asOf: told("as_of"),
    publishedAt: told("published_at"),
    origin: told("origin"),
    rowCount: Number(said.get("row_count")?.value ?? 0),
    digest,
    log: proof.checkpoint.origin,
    size: proof.checkpoint.size,
    index: proof.index,
    checkpoint: proof.checkpoint,
    isTimeless: told("origin") === "replay" || said.get("version")?.value === 1,
    row: row?.index,
    shown,
  };
}
