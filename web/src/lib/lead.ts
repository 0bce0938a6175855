/** The first paragraph of a briefing. Pure. */
import { formatGrade, formatPercent, formatPrice } from "./format";
import type { Sheet } from "./sheet";

/** Each sentence only where its kind has spoken. */
export function writeLead(briefing: Sheet): string {
  const figures = briefing.in("market").in("figures");
  const [btc, breadth, mood] = [figures.in("btc"), figures.in("breadth"), figures.in("fear_and_greed")];
  const said: string[] = [];
  const move = btc.number("change");
  if (btc.text("price_usd")) {
    const verb = move === undefined ? "closed at" : `${move < 0 ? "fell" : "rose"} ${formatPercent(Math.abs(move), 1)} to`;
    said.push(`Bitcoin ${verb} $${formatPrice(btc.text("price_usd"))}.`);
  }
  if (breadth.text("above_mean_50")) {
    const feeling = mood.text("value") ? `; fear and greed is at ${mood.text("value")} (${mood.text("label")})` : "";
    said.push(`${formatPercent(breadth.text("above_mean_50"))} of ${breadth.text("coins")} coins stand above their 50-day mean${feeling}.`);
  }
  const [board] = briefing.in("grades").list("boards");
  const [up, down] = [board?.list("up")[0], board?.list("down")[0]];
  if (up && down) said.push(`Among Trader Grades ${tell(down)}; ${tell(up)}.`);
  const counts = briefing.in("signals").in("counts");
  if (counts.text("long")) said.push(`Signals: ${counts.text("long")} long, ${counts.text("short")} short.`);
  return said.join(" ") || "Nothing was published for this day that a briefing could report.";
}

function tell(one: Sheet): string {
  const verb = (one.number("change") ?? 0) < 0 ? "fell" : "rose";
  return `${one.text("name")} ${verb} most, from ${formatGrade(one.text("grade_before"))} to ${formatGrade(one.text("grade"))}`;
}
