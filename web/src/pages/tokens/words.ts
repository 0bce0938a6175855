/** Names of the API in plain words. */
import { NOTHING } from "../../lib/format";

export const KINDS = {
  trader: { title: "Trader grade", days: 7 },
  investor: { title: "Investor grade", days: 90 },
} as const;

const TOKENS: Record<string, string> = { stable: "A stablecoin", fiat: "A currency", wrapped: "A wrapped token" };

export function describeKind(kind: string): string {
  return TOKENS[kind] ?? kind;
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

/** 0 is no position: whoever follows the signal is out of the market. */
export function describeSignal(signal: number | null | undefined): string {
  if (signal === null || signal === undefined) return NOTHING;
  return signal > 0 ? "▲ buy" : signal < 0 ? "▼ sell" : "● out";
}
