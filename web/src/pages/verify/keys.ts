/** Where keys of logs and witnesses come from: the reader, this browser's memory, the server. */
import type { Log } from "./fetching";
import { OPENED } from "./heads";
import { COSIGNATURE, parseKey, SIGNATURE } from "./notes";
import type { Trusted } from "./signed";

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

/** Keys for the log `origin` and its witnesses: of either, only those that the reader gave, where they gave any. Throws Malformed. */
export function findKeys(given: string, origin: string, log: Log | undefined): Trusted[] {
  const yours = given.split(/\s+/).filter(Boolean).map((text): Trusted => ({ key: parseKey(text), from: "you", since: "", rivals: [] }));
  const gave = (kind: number) => yours.some(({ key }) => key.kind === kind);
  return [...yours, ...(gave(SIGNATURE) ? [] : findLogKeys(origin, log)), ...(gave(COSIGNATURE) ? [] : findWitnessKeys(log))];
}

function findLogKeys(origin: string, log: Log | undefined): Trusted[] {
  const kept = Object.entries(readKept()).filter(([text]) => text.startsWith(`${origin}+`));
  const known = kept.filter(([, since]) => new Date(since) < OPENED);
  const named = (log?.keys ?? []).map((key) => key.vkey).filter((text) => !known.some(([one]) => one === text));
  const rivals = (own: string) => kept.filter(([text]) => text !== own).map(([text, since]) => ({ text, since }));
  return [
    ...known.map(([text, since]): Trusted => ({ key: parseKey(text), from: "browser", since, rivals: rivals(text) })),
    ...named.map((text): Trusted => ({ key: parseKey(text), from: "server", since: "", rivals: rivals(text) })),
  ];
}

function findWitnessKeys(log: Log | undefined): Trusted[] {
  return (log?.witnesses ?? []).map(({ vkey }): Trusted => ({ key: parseKey(vkey), from: "server", since: "", rivals: [] }));
}
