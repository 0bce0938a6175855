/** The kinds of publications and jobs in plain words, as every page says them. */
const KINDS: Record<string, string> = {
  "grades.trader": "Trader Grades",
  "grades.investor": "Investor Grades",
  "signals.daily": "Daily signals",
  "signals.hourly": "Hourly signals",
  "forecasts.quantiles": "Price ranges",
  "forecasts.levels": "Support and resistance",
  "forecasts.scenarios": "Scenarios",
  indices: "Indices",
  moonshots: "Moonshots",
  "moonshots.outcomes": "Outcomes of moonshots",
  market_state: "Market state",
  "market_state.tokens": "Risk and return of coins",
  "market_state.correlations": "Correlations",
  briefing: "Briefing",
};

const JOBS: Record<string, string> = { backtest: "Back-test", backfill: "Back-fill" };

/** A name of the API as words, where nobody wrote better ones. */
export function spell(name: string): string {
  const text = name.replaceAll(/[._]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `grades.trader` as "Trader Grades". */
export function nameKind(kind: string): string {
  return KINDS[kind] ?? spell(kind);
}

/** `backtest` as "Back-test". */
export function nameWork(kind: string): string {
  return JOBS[kind] ?? spell(kind);
}
