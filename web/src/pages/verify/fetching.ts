/** The exact bytes of a publication and its proof, as the server has them. */
import { api, take } from "../../lib/api";
import { toText } from "./bytes";
import type { Given } from "./statement";

async function read(blob: Promise<Blob>): Promise<string> {
  return toText(new Uint8Array(await (await blob).arrayBuffer()));
}

/** All rows of a publication, or one of them, with the proof. Throws Problem. */
export async function fetchGiven(id: string, row: number | undefined): Promise<Given> {
  const [text, proof] = await Promise.all([fetchShown(id, row), fetchProof(id, row)]);
  return { text, proof, id };
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
