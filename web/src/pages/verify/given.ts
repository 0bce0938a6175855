/** What a pasted text or a dropped file is. Pure. */
import { parse } from "./json";

export type Piece =
  | { is: "statement"; text: string }
  /** The answer of the API about a publication: its rows stand in `data`, its id beside them. */
  | { is: "publication"; text: string; id: string }
  | { is: "proof"; text: string }
  | { is: "checkpoint"; text: string }
  | { is: "credential"; text: string }
  | { is: "key"; text: string }
  | { is: "id"; text: string };

const ID = /^[a-z_.]+-\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?-[0-9a-f]{12}$/;

/** Tell the pieces apart by how they begin. Throws Malformed for a JSON text that cannot be read. */
export function recognise(raw: string): Piece {
  const text = raw.trim();
  if (text.startsWith("c2sp.org/tlog-proof@")) return { is: "proof", text: raw };
  // Three lines at least, an empty one, and lines of signatures.
  if (/^\S+\n\d+\n\S+\n[^]*\n\u2014 /.test(text.replaceAll("\r\n", "\n"))) return { is: "checkpoint", text: `${text.replaceAll("\r\n", "\n")}\n` };
  if (/^[\w-]+\.[\w-]+\.[\w-]+~/.test(text)) return { is: "credential", text };
  if (/^[^\s+]+\+[0-9a-f]{8}\+\S+$/.test(text)) return { is: "key", text };
  if (ID.test(text)) return { is: "id", text };
  if (!text.startsWith("{")) return { is: "statement", text };
  const members = parse(text).members;
  const [rows, id] = [members?.get("data"), members?.get("publication")?.value];
  if (rows?.items && typeof id === "string" && members?.has("header")) return { is: "publication", text: rows.text, id };
  return { is: "statement", text };
}
