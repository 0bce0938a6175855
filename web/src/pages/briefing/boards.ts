/** The sections on grades and on the highest of them, for each of both grades. Pure. */
import { formatChange, formatDay, formatGrade, formatPercent, formatPercentChange, NOTHING } from "../../lib/format";
import type { Sheet } from "../../lib/sheet";
import { begin, coin, plural, signed, type Cell, type Section } from "./blocks";

function nameBoard(board: Sheet): string {
  const title = board.text("kind") === "grades.trader" ? "Trader Grade" : "Investor Grade";
  return `${title}, ${board.text("horizon_days")} days ahead`;
}

export function writeGrades(board: Sheet): Section {
  const section = begin(nameBoard(board), board);
  const graded = board.number("graded");
  const [now, before] = [countBuys(board.in("labels")), countBuys(board.in("labels_before"))];
  if (graded !== undefined && now !== undefined) {
    const earlier = before === undefined ? "" : ` (${before} the day before)`;
    section.words.push(`${plural(graded, "coin")} graded, ${now} at Buy or better${earlier}.`);
  }
  for (const [name, caption] of [
    ["up", "Rose"],
    ["down", "Fell"],
  ] as const) {
    const rows = board.list(name);
    if (rows.length) section.grids.push({ caption, head: ["Coin", "Before", "Now", "Change", "What moved it"], rows: rows.map(writeMove) });
  }
  return section;
}

function countBuys(labels: Sheet): number | undefined {
  const [buy, strong] = [labels.number("Buy"), labels.number("Strong Buy")];
  return buy === undefined && strong === undefined ? undefined : (buy ?? 0) + (strong ?? 0);
}

function writeMove(one: Sheet): Cell[] {
  const parts = one
    .list("parts")
    .map((part) => `${part.text("family")} ${Number(part.text("grade_before")).toFixed(0)} → ${Number(part.text("grade")).toFixed(0)}`);
  return [
    coin(one),
    { text: formatGrade(one.text("grade_before")) },
    { text: formatGrade(one.text("grade")) },
    signed(one.number("change"), (value) => formatChange(value)),
    { text: parts.join(", ") || "no sub-grade moved with it by 5 points" },
  ];
}

export function writePicks(board: Sheet): Section {
  const section = begin(`Highest by ${nameBoard(board)}`, board);
  const record = board.in("record");
  if (record.text("absent")) section.words.push(record.text("absent"));
  else if (record.text("picks")) {
    const [picks, rose, beat] = ["picks", "positive", "beat_median"].map((name) => record.number(name) ?? 0) as [number, number, number];
    section.words.push(
      `Record: ${plural(picks, "pick")} of ${plural(record.number("lists") ?? 0, "weekly list")}, held ${board.text("horizon_days")} days from the next close: ` +
        `${rose} (${formatPercent(rose / picks)}) rose, ${beat} (${formatPercent(beat / picks)}) did better than the median coin. ` +
        `Best: ${tell(record.in("best"))}. Worst: ${tell(record.in("worst"))}.`,
    );
  }
  const percent = (value: number | undefined) => formatPercentChange(value);
  const coins = board.list("coins");
  if (coins.length) {
    section.grids.push({
      caption: "",
      head: ["Coin", "Grade", "Chance", "Return since", "Median coin", "Listed"],
      rows: coins.map((one) => [
        coin(one),
        { text: formatGrade(one.text("grade")) },
        { text: formatPercent(one.text("probability")) },
        signed(one.number("return_since"), percent),
        signed(one.number("median_since"), percent),
        { text: since(one.text("listed_since")) },
      ]),
    });
  }
  if (record.number("picks") && !record.text("absent")) {
    section.grids.push({
      caption: "What came of earlier picks",
      head: ["Of", "Return"],
      rows: [
        ["Picks, mean", "mean_return"],
        ["Picks, median", "median_return"],
        ["Median coin, mean", "median_coin_return"],
        ["Bitcoin, mean", "bitcoin_return"],
      ].map(([title, name]) => [{ text: title! }, signed(record.number(name!), percent)]),
    });
  }
  return section;
}

function since(day: string): string {
  return day ? formatDay(day) : NOTHING;
}

function tell(one: Sheet): string {
  return `${one.text("symbol")} ${formatPercentChange(one.text("return"))} (list of ${since(one.text("list_day"))})`;
}
