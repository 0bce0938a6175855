/** The exact bytes of a publication, of its proof and of the log, as the server has them. */
import { api, take, takeIfSaid, type Schemas } from "../../lib/api";
import { toText } from "./bytes";
import type { Given } from "./statement";

async function read(blob: Promise<Blob>): Promise<string> {
  return toText(new Uint8Array(await (await blob).arrayBuffer()));
}

/** All rows of a publication, or one of them, with the proof. Throws Problem. */
export async function fetchGiven(id: string, row: number | undefined): Promise<Given> {
  const [text, proof] = await Promise.all([fetchShown(id, row), fetchProof(id, row)]);
  return { text, proof, id, row: row ?? "all" };
}

function fetchShown(id: string, row: number | undefined): Promise<string> {
  const parseAs = "blob" as const;
  const path = { publication_id: id };
  if (row === undefined) return read(take(api.GET("/v1/publications/{publication_id}/rows", { params: { path }, parseAs })));
  return read(take(api.GET("/v1/publications/{publication_id}/rows/{row}", { params: { path: { ...path, row } }, parseAs })));
}

/** The proof alone. */
export function fetchProof(id: string, row: number | undefined): Promise<string> {
  const parseAs = "blob" as const;
  const path = { publication_id: id };
  if (row === undefined) return read(take(api.GET("/v1/publications/{publication_id}/proof", { params: { path }, parseAs })));
  return read(take(api.GET("/v1/publications/{publication_id}/rows/{row}/proof", { params: { path: { ...path, row } }, parseAs })));
}

export type Log = Schemas["LogState"];

/** The log of this name as this server has it now, the newest where none is named; undefined where it knows no such log. Throws Problem. */
export async function fetchLog(origin: string): Promise<Log | undefined> {
  const newest = (await takeIfSaid(api.GET("/v1/log")))?.data;
  if (!newest || !origin || newest.origin === origin) return newest;
  const number = newest.earlier.find((log) => log.origin === origin)?.number;
  if (number === undefined) return undefined;
  return (await take(api.GET("/v1/log", { params: { query: { log: number } } }))).data;
}

/** What joins the trees of two sizes of a log. Throws Problem. */
export function fetchExtension(log: number, older: number, newer: number): Promise<string> {
  const query = { log, old: older, new: newer };
  return read(take(api.GET("/v1/log/consistency", { params: { query }, parseAs: "blob" as const })));
}

/** A signed list of what was withdrawn. Throws Problem. */
export function fetchStatusList(number: string): Promise<string> {
  const path = { list_number: Number(number) };
  return read(take(api.GET("/v1/credentials/status/{list_number}", { params: { path }, parseAs: "blob" as const })));
}
