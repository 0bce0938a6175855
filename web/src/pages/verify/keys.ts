/** Where keys of logs come from: the reader, this browser's memory, the server. */
import { api, take } from "../../lib/api";
import { parseKey } from "./notes";
import type { Trusted } from "./statement";

const KEPT = "assay-log-keys";

type Kept = Record<string, string>;

function readKept(): Kept {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Kept) : {};
  } catch {
    return {};
  }
}

/** Remember a key that the server named, so that another one would be noticed later. */
export function keepKey({ key, from }: Trusted): void {
  const kept = readKept();
  if (from !== "server" || key.text in kept) return;
  localStorage.setItem(KEPT, JSON.stringify({ ...kept, [key.text]: new Date().toISOString() }));
}

/** Keys for the log `origin`: only what the reader gave, where they gave one. Throws Malformed and Problem. */
export async function findKeys(given: string, origin: string): Promise<Trusted[]> {
  const texts = given.split(/\s+/).filter(Boolean);
  if (texts.length > 0) return texts.map((text) => ({ key: parseKey(text), from: "you", since: "" }));
  const kept = readKept();
  const named = await nameKeys(origin);
  const known = Object.keys(kept).filter((text) => text.startsWith(`${origin}+`));
  return [
    ...known.map((text): Trusted => ({ key: parseKey(text), from: "browser", since: String(kept[text]) })),
    ...named.filter((text) => !known.includes(text)).map((text): Trusted => ({ key: parseKey(text), from: "server", since: kept[known[0] ?? ""] ?? "" })),
  ];
}

async function nameKeys(origin: string): Promise<string[]> {
  const newest = (await take(api.GET("/v1/log"))).data;
  const number = newest.earlier.find((log) => log.origin === origin)?.number;
  const log = number === undefined ? newest : (await take(api.GET("/v1/log", { params: { query: { log: number } } }))).data;
  return log.keys.map((key) => key.vkey);
}
