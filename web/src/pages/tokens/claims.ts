/** Statements of the track record about one token, in words. Pure. */
import type { Schemas } from "../../lib/api";
import { formatDay, formatGrade, formatPercent, formatPercentChange, toShare } from "../../lib/format";
import { describeSignal, KINDS } from "./words";

type Claim = Schemas["RecordedStatement"];

const GRADES = { "grades.trader": KINDS.trader, "grades.investor": KINDS.investor } as const;
/** The grade of a coin that is as likely to beat the median one as not. */
const MIDDLE = 50;

/** "Trader grade 83.4: 57.9 % that it beats the median coin in 7 days". */
export function describeClaim({ kind, measure, said, stated }: Claim): string {
  const chance = formatPercent(stated, 1);
  if (kind === "grades.trader" || kind === "grades.investor") {
    const { title, days } = GRADES[kind];
    if (measure === "interval_90") {
      const [low, high] = (said ?? "").split("..").map((end) => formatPercentChange(toShare(end)));
      return `${title}: ${chance} that it ends ${low} to ${high} from the median coin in ${days} days`;
    }
    const beats = Number(said) > MIDDLE ? "beats" : "does not beat";
    return `${title} ${formatGrade(said)}: ${chance} that it ${beats} the median coin in ${days} days`;
  }
  return `Signal ${describeSignal(said === null ? null : Number(said))}: ${chance} that its target comes before its stop`;
}

const RESULTS: Partial<Record<Claim["result"], string>> = { hit: "✓ true", miss: "✗ not true" };

/** What came of it: "✓ true", "open until 10 Mar 2024". */
export function describeResult({ result, status, closes_on }: Claim): string {
  const words = RESULTS[result] ?? (result === "open" ? `open until ${formatDay(closes_on)}` : result);
  return status === "stands" ? words : `${words}, ${status}`;
}
