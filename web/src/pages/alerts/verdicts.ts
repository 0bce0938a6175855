/** What came of alerts, in words: docs/method/alerts.md says how they are judged. */
import { formatPercent, formatPercentChange } from "../../lib/format";
import type { Schemas } from "../../lib/api";
import type { Event } from "./rules";

/** A log return as a fraction. */
const grown = (log: number) => Math.expm1(log);

/** "turned out right: +2.1 % its way, noise below 0.8 %"; empty while nothing is known. */
export function writeVerdict(event: Event): string {
  if (event.verdict === null) return "";
  if (event.verdict === "unknown" || event.outcome === null || event.band === null) {
    return "what came of it is unknown: there were no prices to judge it by";
  }
  const word = event.verdict === "noise" ? "was noise" : `turned out ${event.verdict}`;
  return `${word}: ${formatPercentChange(grown(event.outcome))} its way, noise up to ${formatPercent(grown(event.band), 1)}`;
}

/** Seconds in a unit one can imagine. */
export function formatDelay(seconds: number | null): string {
  if (seconds === null) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

/** A score as figures with the reason where there is none. */
export function listFigures(score: Schemas["ScoreShape"]): { name: string; value: string; note: string }[] {
  const { judged, right, wrong, noise, unknown, fired } = score;
  return [
    {
      name: "Right",
      value: formatPercent(score.right_share, 1),
      note: judged
        ? `${right} right, ${wrong} wrong, ${noise} noise${unknown ? `, ${unknown} unknown` : ""}; by chance ${formatPercent(score.by_chance, 1)} are right`
        : fired
          ? "none has been judged yet, or its tests claim no direction"
          : "nothing has fired yet",
    },
    {
      name: "Fast",
      value: formatDelay(score.delay_s),
      note: score.delay_s === null ? "nothing live has fired yet" : "from the reading to our record, median",
    },
    {
      name: "Often",
      value: score.per_week === null ? "–" : `${score.per_week.toFixed(1)} a week`,
      note: `${fired} ${fired === 1 ? "firing" : "firings"} in all`,
    },
    {
      name: "Noisy",
      value: formatPercent(score.flapping, 1),
      note: score.flapping === null ? "nothing to count yet" : "came too soon after the one before",
    },
  ];
}
