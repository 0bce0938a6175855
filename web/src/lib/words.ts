/** Names of the API in plain words, as every page says them. */

const ORIGINS: Record<string, string> = {
  live: "said before the outcome",
  replay: "said under a replayed clock",
  backfilled: "computed later from what was known then",
};

/** How a statement came about: "said before the outcome". */
export function describeOrigin(origin: string): string {
  return ORIGINS[origin] ?? origin;
}

/** The same behind its name: "live: said before the outcome". */
export function labelOrigin(origin: string): string {
  return origin in ORIGINS ? `${origin}: ${ORIGINS[origin]}` : origin;
}

/** The same as the beginning of a sentence: "Live: said before the outcome". */
export function nameOrigin(origin: string): string {
  const label = labelOrigin(origin);
  return label === origin ? origin : label.charAt(0).toUpperCase() + label.slice(1);
}
