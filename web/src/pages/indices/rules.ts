/** A rule book in words. It comes as an object of the API without a type, so it is read with care. */
import { formatCount } from "../../lib/format";

export interface Rule {
  name: string;
  text: string;
}

type Book = Record<string, unknown>;

const RANKS: Record<string, string> = {
  size: "size",
  trader_grade: "Trader Grade",
  investor_grade: "Investor Grade",
  fall_risk: "lowest risk of an 80 % fall",
};
const SCHEMES: Record<string, string> = {
  equal: "in equal parts",
  size: "in proportion to size",
  grade: "in proportion to what the grade has above 50",
  inverse_volatility: "the calmer a coin, the more of it",
  hrp: "hierarchical risk parity",
  risk_parity: "an equal share of the variance for each",
  min_cvar: "the least loss on the worst 5 % of days",
};

/** The rules one by one; those that are not set are left out. */
export function describe(rules: Book, sizeBy: string): Rule[] {
  const found: Rule[] = [];
  const say = (name: string, ...parts: (string | undefined)[]) => {
    const text = parts.filter(Boolean).join("; ");
    if (text) found.push({ name, text });
  };
  const basket = book(rules, "basket");
  const weights = book(rules, "weights");
  say("Who is in", ...describeBasket(basket, sizeBy));
  const members = text(basket, "members");
  if (members) say("Only of", members.split(" ").join(", "));
  const cap = share(weights, "cap");
  const window = Number(text(weights, "days")) && text(weights, "scheme") !== "equal" ? `measured over ${text(weights, "days")} days` : undefined;
  say(
    "Weights",
    SCHEMES[text(weights, "scheme")] ?? text(weights, "scheme"),
    window,
    cap && Number(text(weights, "cap")) < 1 ? `none above ${cap}` : undefined,
    share(weights, "maximum_turnover") && `changes of at most ${share(weights, "maximum_turnover")} together`,
  );
  const sleeve = book(rules, "sleeve");
  if (sleeve) {
    say(
      "Beside them",
      ...describeBasket(book(sleeve, "basket"), sizeBy),
      `at most ${share(sleeve, "maximum_weight")} of the index and ${share(sleeve, "volatility_share")} of its variance`,
    );
  }
  const cash = book(rules, "cash");
  if (cash) {
    const means = cash["means"];
    say(
      "Cash",
      `${share(cash, "floor")} always invested`,
      `the rest by means of the market over ${Array.isArray(means) ? means.join(", ") : "–"} days`,
      `a part turns ${share(cash, "band")} beyond its mean`,
    );
  }
  const volatility = book(rules, "volatility");
  if (volatility) say("Volatility", `no more invested than makes ${share(volatility, "annual")} a year, over ${text(volatility, "days")} days`);
  say("Set anew", text(rules, "every_days") && `every ${text(rules, "every_days")} days, decided at a close and traded at the next`);
  say("Costs", `${text(rules, "fee_bps")} bp a side`, Number(text(rules, "slippage_bps")) ? `${text(rules, "slippage_bps")} bp slippage` : "no slippage is counted");
  return found;
}

function describeBasket(basket: Book | undefined, sizeBy: string): (string | undefined)[] {
  if (!basket) return [];
  const rank = text(basket, "rank_by");
  const least = Number(text(basket, "minimum_volume_usd"));
  const outside = Number(text(basket, "outside_top"));
  return [
    `${text(basket, "count")} coins by ${RANKS[rank] ?? rank}${rank === "size" ? ` (${sizeBy})` : ""}`,
    outside ? `outside the largest ${outside}` : undefined,
    least ? `at least $${formatCount(least)} traded a day` : undefined,
    `a place is kept until ${share(basket, "buffer")} beyond the last rank`,
  ];
}

function book(rules: Book | undefined, name: string): Book | undefined {
  const found = rules?.[name];
  return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Book) : undefined;
}

function text(rules: Book | undefined, name: string): string {
  const found = rules?.[name];
  if (typeof found === "string") return found;
  return typeof found === "number" ? String(found) : "";
}

function share(rules: Book | undefined, name: string): string {
  const found = text(rules, name);
  return found && `${Number((Number(found) * 100).toFixed(2))} %`;
}

/** State of the cash rule, if there is one. */
export function describeRegime(regime: Book | null): { state: string; rule: string } | undefined {
  const state = text(regime ?? undefined, "state");
  return state ? { state, rule: text(regime ?? undefined, "rule") } : undefined;
}

export interface Target {
  symbol: string;
  weight: string;
  reason: string;
}

/** What was decided at the close and is traded at the next. */
export function readOrders(orders: Book | null): { why: string; targets: Target[] } | undefined {
  if (!orders) return undefined;
  const targets = Array.isArray(orders["targets"]) ? (orders["targets"] as unknown[]) : [];
  return {
    why: text(orders, "why"),
    targets: targets.flatMap((one) =>
      typeof one === "object" && one !== null
        ? [{ symbol: text(one as Book, "symbol"), weight: text(one as Book, "weight"), reason: text(one as Book, "reason") }]
        : [],
    ),
  };
}
