/** The words of the track record. */
export const ORIGINS: Record<string, string> = {
  live: "live: said before the outcome",
  replay: "replay: said under a replayed clock",
  backfilled: "backfilled: computed later from what was known then",
};

export const RESULTS: Record<string, string> = {
  hit: "✓ hit",
  miss: "✕ miss",
  open: "… open",
  undecided: "= undecided",
  no_call: "– no call",
  no_view: "– no view",
};

/** `grades.trader` as words. */
export function spell(name: string): string {
  const text = name.replaceAll(/[._]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
