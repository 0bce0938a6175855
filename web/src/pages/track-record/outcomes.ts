/** What the outcome of a statement is, and how it is written: most kinds record log returns, some plain ones. Pure. */
import { formatPercentChange, NOTHING, toShare } from "../../lib/format";
import type { Measure } from "./data";

interface Outcome {
  title: string;
  /** It is the logarithm of a growth, not the growth itself. */
  isLog: boolean;
}

const KINDS: Record<string, Outcome> = {
  "grades.trader": { title: "Return against the median coin", isLog: true },
  "grades.investor": { title: "Return against the median coin", isLog: true },
  "signals.daily": { title: "Return of the position", isLog: true },
  "signals.hourly": { title: "Return of the position", isLog: true },
  "forecasts.quantiles": { title: "Return", isLog: true },
  "forecasts.levels": { title: "Level from the close", isLog: true },
  "forecasts.scenarios": { title: "Return against beta × market", isLog: true },
  indices: { title: "Growth against all coins equally", isLog: true },
  market_state: { title: "Return of the market", isLog: false },
};

function find({ kind, measure }: Measure): Outcome | undefined {
  if (kind === "moonshots") return { title: measure.startsWith("fall") ? "Lowest return" : "Highest return", isLog: false };
  return KINDS[kind];
}

/** The head of the outcomes of a measure. */
export function nameOutcome(of: Measure): string {
  return find(of)?.title ?? "Outcome, as recorded";
}

/** Per cent with its sign; of a kind that is not known here, the figure as it is recorded. */
export function writeOutcome(of: Measure, outcome: string | null): string {
  const known = find(of);
  if (!known) return outcome?.replace("-", "−") ?? NOTHING;
  return formatPercentChange(known.isLog ? toShare(outcome) : outcome);
}
