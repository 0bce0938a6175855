/** The sections on the market, ranges, signals, indices and risks. Pure. */
import { formatChange, formatGrade, formatMoney, formatPercent, formatPercentChange, formatPrice, NOTHING } from "../../lib/format";
import type { Sheet } from "../../lib/sheet";
import { begin, coin, plural, signed, type Cell, type Section } from "./blocks";

const INDICATOR: Record<string, string> = { "1": "bull", "-1": "bear", "0": "neither" };

export function writeMarket(sheet: Sheet): Section {
  const section = begin("The market", sheet);
  const figures = sheet.in("figures");
  const [btc, eth, volume, breadth] = [figures.in("btc"), figures.in("eth"), figures.in("volume"), figures.in("breadth")];
  const [mood, volatility, correlation] = [figures.in("fear_and_greed"), figures.in("volatility"), figures.in("correlation")];
  const indicator = figures.in("indicator");
  if (volatility.text("days_30")) {
    section.words.push(
      `Volatility over 30 days is ${formatPercent(volatility.text("days_30"))} a year: regime ${volatility.text("regime")}. ` +
        `The market's indicator says ${INDICATOR[indicator.text("signal")] ?? NOTHING}.`,
    );
  }
  const percent = (value: number | undefined) => formatPercentChange(value);
  const rows: Cell[][] = [
    [{ text: "Bitcoin" }, { text: `$${formatPrice(btc.text("price_usd"))}` }, signed(btc.number("change"), percent)],
    [{ text: "Ethereum" }, { text: `$${formatPrice(eth.text("price_usd"))}` }, signed(eth.number("change"), percent)],
    [{ text: "Dollar volume" }, { text: formatMoney(volume.text("total_usd")) }, signed(volume.number("change"), percent)],
    [{ text: "Above their 50-day mean" }, { text: formatPercent(breadth.text("above_mean_50")) }, points(breadth.number("above_mean_50_change"))],
    [{ text: "90-day highs / lows" }, { text: `${breadth.text("highs_90") || NOTHING} / ${breadth.text("lows_90") || NOTHING}` }, { text: "" }],
    [
      { text: "Fear and greed, 0 to 100" },
      { text: mood.text("value") || NOTHING, note: mood.text("label") },
      signed(mood.number("change"), (value) => formatChange(value, 0)),
    ],
    [
      { text: "Mean correlation of coins" },
      { text: correlation.text("mean") ? Number(correlation.text("mean")).toFixed(2) : NOTHING },
      { text: formatChange(correlation.text("change"), 2) },
    ],
  ];
  if (btc.text("price_usd")) section.grids.push({ caption: "", head: ["Figure", "At the close", "Change"], rows });
  return section;
}

function points(value: number | undefined): Cell {
  return signed(value, (one) => (one === undefined ? NOTHING : `${formatChange(one * 100, 0)} points`));
}

export function writeRanges(sheet: Sheet): Section {
  const section = begin("How far it may go", sheet);
  const [low, , high] = sheet.texts("levels").map(Number);
  if (low !== undefined && high !== undefined) {
    section.words.push(`${formatPercent(high - low)} of outcomes should lie between low and high.`);
  }
  for (const one of sheet.list("coins")) {
    const price = Number(one.text("price"));
    section.grids.push({
      caption: `${one.text("name")}, at $${formatPrice(one.text("price"))}`,
      head: ["Within", "Low", "High", "Return"],
      rows: one.list("horizons").map((horizon) => {
        const prices = horizon.texts("prices").map(Number);
        const [least, most] = [prices[0], prices.at(-1)];
        const change = (value: number | undefined) => formatPercentChange(value === undefined ? undefined : value / price - 1, 0);
        return [
          { text: plural(horizon.number("days") ?? 0, "day") },
          { text: `$${formatPrice(least)}` },
          { text: `$${formatPrice(most)}` },
          // It may break between the two ends, not between a number and its unit.
          { text: `${change(least)} to ${change(most)}`.replaceAll(" %", "\u00a0%"), wraps: true },
        ];
      }),
    });
  }
  return section;
}

const CHANGES: readonly [string, string][] = [
  ["long_entry", "Turned long"],
  ["short_entry", "Turned short"],
  ["flip_to_long", "From short to long"],
  ["flip_to_short", "From long to short"],
  ["exit", "Ended"],
];

export function writeSignals(sheet: Sheet): Section {
  const section = begin("Signals", sheet);
  const counts = sheet.in("counts");
  if (counts.text("long")) {
    section.words.push(`${counts.text("long")} long, ${counts.text("short")} short and ${counts.text("none")} without a position.`);
  }
  const changes = sheet.in("changes");
  let changed = 0;
  for (const [name, title] of CHANGES) {
    const count = changes.in(name).number("count") ?? 0;
    changed += count;
    if (count === 0) continue;
    const coins = changes.in(name).list("coins");
    section.grids.push({
      caption: `${title}: ${plural(count, "coin")}${count > coins.length ? `, the most traded ${coins.length}` : ""}`,
      head: ["Coin", "Close", "Stop", "Target"],
      rows: coins.map((one) => [coin(one), ...["close", "stop", "target"].map((price) => ({ text: formatPrice(one.text(price)) }))]),
    });
  }
  if (changed === 0 && !section.absent) section.words.push("No coin turned.");
  return section;
}

export function writeIndices(sheet: Sheet): Section {
  const section = begin("Indices", sheet);
  const indices = sheet.list("indices");
  if (indices.length === 0) return section;
  const percent = (value: number | undefined) => formatPercentChange(value);
  section.grids.push({
    caption: "",
    head: ["Index", "1 day", "30 days", "Cash", "Bought / sold"],
    rows: indices.map((one) => {
      const trades = one.in("trades");
      const ordered = one.in("ordered").text("why");
      const note = ordered && `ordered: ${ordered}`;
      return [
        { text: one.text("name"), href: `/indices/${encodeURIComponent(one.text("slug"))}`, ...(note && { note }) },
        signed(one.number("return_1d"), percent),
        signed(one.number("return_30d"), percent),
        { text: formatPercent(one.text("cash_share")) },
        { text: `${trades.in("bought").text("count") || NOTHING} / ${trades.in("sold").text("count") || NOTHING}` },
      ];
    }),
  });
  return section;
}

export function writeRisks(sheet: Sheet): Section {
  const falls = begin("Risks", sheet.in("falls"));
  const silent = sheet.in("silent");
  const lost = silent.list("coins");
  const said = silent.text("absent") || (lost.length === 0 ? "No coin lost its grade." : `${plural(silent.number("count") ?? lost.length, "coin")} lost a grade.`);
  const rows = sheet.in("falls").list("coins");
  const section: Section = { ...falls, words: [said], sources: [...new Set([...falls.sources, ...begin("", silent).sources])] };
  if (lost.length) {
    section.grids.push({
      caption: "Lost its grade",
      head: ["Coin", "Grade before"],
      rows: lost.map((one) => [coin(one), { text: formatGrade(one.text("grade_before")) }]),
    });
  }
  if (rows.length) {
    section.grids.push({
      caption: "Likeliest to lose 80 % in 90 days",
      head: ["Coin", "Chance", "Base rate"],
      rows: rows.map((one) => [coin(one), { text: formatPercent(one.text("probability"), 1) }, { text: formatPercent(one.text("base_rate"), 1) }]),
    });
  }
  return section;
}
