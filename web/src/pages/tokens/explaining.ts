/** The explanation of a grade, read with care: the API's document leaves its members open. Pure. */
import { formatPercent } from "../../lib/format";

export interface Part {
  feature: string;
  family: string;
  /** Hundredths of a grade point, whole, so that sums are exact. */
  centi: number;
  /** Share of the day's coins below it, 0 to 1; undefined: unknown. */
  rank: number | undefined;
}

export interface Explanation {
  asOf: string;
  publication: string;
  origin: string | undefined;
  grade: number | undefined;
  baseCenti: number | undefined;
  rawCenti: number | undefined;
  parts: Part[];
  reason: string;
}

type Open = Record<string, unknown>;

function open(value: unknown): Open {
  return typeof value === "object" && value !== null ? (value as Open) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | undefined {
  return typeof value === "string" && value !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined;
}

function centi(value: unknown): number | undefined {
  const read = number(value);
  return read === undefined ? undefined : Math.round(read * 100);
}

/** Read the answer; largest contribution first, as the API has them. */
export function readExplanation(data: unknown): Explanation {
  const told = open(data);
  const items = Array.isArray(told.contributions) ? told.contributions.map(open) : [];
  return {
    asOf: text(told.as_of),
    publication: text(told.publication),
    origin: text(told.origin) || undefined,
    grade: number(told.grade),
    baseCenti: centi(told.base),
    rawCenti: centi(told.raw_score),
    parts: items.map((item) => ({
      feature: text(item.feature),
      family: text(item.family),
      centi: centi(item.points) ?? 0,
      rank: number(item.rank),
    })),
    reason: text(open(told.no_view).reason),
  };
}

export function addUp(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.centi, 0);
}

/** The families with what their parts add up to, largest first. */
export function listFamilies(parts: readonly Part[]): { family: string; centi: number; count: number }[] {
  const families = new Map<string, Part[]>();
  for (const part of parts) families.set(part.family, [...(families.get(part.family) ?? []), part]);
  return [...families]
    .map(([family, own]) => ({ family, centi: addUp(own), count: own.length }))
    .sort((a, b) => Math.abs(b.centi) - Math.abs(a.centi));
}

/** Where the token stands among the coins of the day. */
export function describeRank(rank: number | undefined): string {
  if (rank === undefined) return "";
  if (rank === 0 || rank === 1) return rank ? "highest of all coins" : "lowest of all coins";
  const share = Math.max(rank, 1 - rank);
  const text = share >= NEARLY_ALL ? "nearly all coins" : `${formatPercent(share)} of coins`;
  return rank >= 0.5 ? `above ${text}` : `below ${text}`;
}

/** More is written as 100 %, which would say that there is none beyond it. */
const NEARLY_ALL = 0.995;

/** A score of `base` is the grade 50; the further from it, the less a point counts (docs/method/grades.md). */
const STEEPNESS = 0.04;

/** The grade of 0 to 100 that a score stands for, before any rule of safety. */
export function gradeScore(rawCenti: number, baseCenti: number): number {
  return 100 / (1 + Math.exp((-STEEPNESS * (rawCenti - baseCenti)) / 100));
}

const FAMILIES: Record<string, string> = {
  technical: "Technical: where the price stands in its recent range",
  momentum: "Momentum: what the price did before",
  volatility: "Volatility: how wildly it moves",
  liquidity: "Liquidity: how much and how cheaply it trades",
  quant: "Quant: shape of its returns, ties to the market",
  valuation: "Valuation: the price against what was paid",
};

export function describeFamily(family: string): string {
  return FAMILIES[family] ?? family;
}

const FEATURES: Record<string, string> = {
  rsi: "Rises against falls (RSI)",
  macd_12_26: "Fast against slow average (MACD)",
  percent_b: "Place within the Bollinger bands",
  distance_sma: "Price against its mean",
  stochastic: "Close within the range of highs and lows",
  close_location: "Closes near the day's high",
  return: "Price change",
  residual_momentum: "Steady gain beyond the market",
  distance_high: "Distance below the high",
  volatility: "Volatility",
  downside: "Volatility of falls",
  residual_volatility: "Volatility of its own, without the market's",
  largest_returns: "Largest daily gains",
  average_range: "Mean daily range",
  beta: "How strongly it follows the market (beta)",
  range: "Range from low to high",
  largest_residuals: "Largest daily gains beyond the market",
  dollar_volume: "Dollar volume",
  illiquidity: "Price moved by a dollar traded (illiquidity)",
  volume_trend_7_30: "Volume of 7 days against 30",
  volume_trend_30_90: "Volume of 30 days against 90",
  volume_shock: "Volume of the day against its mean",
  flat_days: "Days without movement",
  spread: "Spread, estimated",
  volume_dispersion: "Unevenness of volume",
  volume_return_correlation: "Volume rising with the price",
  history_days: "Length of its history",
  skewness: "Lopsidedness of returns",
  autocorrelation: "Gains following gains",
  sharpe: "Return for the risk (Sharpe)",
  residual_return: "Own return of a week for its risk",
  days_since_high: "Days since the high",
  market_correlation: "Correlation with the market",
  price_to_average_paid: "Price against the average paid",
  distance_all_time_high: "Distance below the all-time high",
  price_to_mean: "Price against its mean",
  distance_low: "Distance above the low",
};

/** "residual_volatility_90" as "Volatility of its own, without the market's, 90 days". */
export function describeFeature(feature: string): string {
  const known = FEATURES[feature];
  if (known) return known;
  const [, name = feature, days = ""] = /^(.*?)_(\d+)$/.exec(feature) ?? [];
  const words = FEATURES[name] ?? name.replaceAll("_", " ");
  return days ? `${words}, ${days} ${days === "1" ? "day" : "days"}` : words;
}
