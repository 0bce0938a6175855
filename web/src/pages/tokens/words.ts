/** Names of the API in plain words. */
import { NOTHING } from "../../lib/format";

const ORIGINS: Record<string, string> = {
  live: "Live: said before the outcome",
  replay: "Replay: said under a replayed clock",
  backfilled: "Backfilled: computed later from what was known then",
};

export function describeOrigin(origin: string | undefined): string {
  return origin === undefined ? "" : (ORIGINS[origin] ?? origin);
}

export const KINDS = {
  trader: { title: "Trader grade", days: 7 },
  investor: { title: "Investor grade", days: 90 },
} as const;

/** A log return as the change in per cent that it is, with its sign. */
export function toShare(logReturn: string | number | null | undefined): number | undefined {
  if (logReturn === null || logReturn === undefined) return undefined;
  return Math.expm1(Number(logReturn));
}

const ENDINGS: Record<string, string> = {
  delisted: "It was delisted",
  collapsed: "It collapsed",
  renamed: "It was renamed to",
  migrated: "It was migrated to",
};

/** How the token ended, in words: "It was renamed to NEW". */
export function describeEnding(ended: string | null): string {
  if (!ended) return "";
  const [how = "", into] = ended.split(":");
  return [ENDINGS[how] ?? how, into].filter(Boolean).join(" ");
}

export function describeSignal(signal: number | null | undefined): string {
  if (signal === null || signal === undefined) return NOTHING;
  return signal > 0 ? "▲ buy" : signal < 0 ? "▼ sell" : "■ hold";
}
