/** What came of a back-test or a reproduction, as words, tables and a curve; the whole of it is in the JSON. */
import { api, take } from "../../lib/api";
import { formatCount, formatDay, formatPercent, formatPercentChange, NOTHING } from "../../lib/format";
import { nameKind } from "../../lib/kinds";
import { Sheet } from "../../lib/sheet";
import { listDays } from "../../parts/lines";

export interface Table {
  caption: string;
  head: string[];
  /** How many of the first columns are words; the others are figures. */
  words: number;
  rows: string[][];
}

export interface Result {
  words: string[];
  tables: Table[];
  curve: { days: string[]; values: (number | null)[] } | undefined;
}

const MOST_ROWS = 200;

export async function loadResult(id: string): Promise<Result> {
  const document: unknown = await take(api.GET("/v1/jobs/{job_id}/result", { params: { path: { job_id: id } } }));
  const sheet = new Sheet(document);
  return sheet.text("strategy") ? showBacktest(sheet) : showReproduction(sheet);
}

type Write = (value: number | undefined) => string;
const ratio: Write = (value) => (value === undefined ? NOTHING : value.toFixed(2).replace("-", "−"));
const change: Write = (value) => formatPercentChange(value);
const percent: Write = (value) => formatPercent(value, 1);
const writeDay = (value: string) => (value ? formatDay(value) : NOTHING);
const whole: Write = (value) => formatCount(value);

const FIGURES: readonly [string, string, Write][] = [
  ["total_return", "Return, net of costs", change],
  ["cagr", "Return a year", change],
  ["volatility", "Volatility a year", percent],
  ["sharpe", "Sharpe ratio", ratio],
  ["sortino", "Sortino ratio", ratio],
  ["max_drawdown", "Worst drawdown", change],
  ["calmar", "Calmar ratio", ratio],
  ["best_day", "Best day", change],
  ["worst_day", "Worst day", change],
];

export function showBacktest(sheet: Sheet): Result {
  const span = `${writeDay(sheet.text("from"))} to ${writeDay(sheet.text("to"))}.`;
  const values = sheet.numbers("equity").length ? sheet.numbers("equity") : sheet.numbers("levels");
  return {
    words: [sheet.text("note"), sheet.text("warning"), span].filter(Boolean),
    tables: [listFigures(sheet), listPairs(sheet), listTokens(sheet)].filter((table) => table.rows.length > 0),
    curve: values.length ? { days: listDays(sheet.text("from"), sheet.text("to")), values } : undefined,
  };
}

function listFigures(sheet: Sheet): Table {
  const [own, other] = [sheet.in("metrics"), sheet.in("benchmark")];
  const isBeside = other.number("days") !== undefined;
  const rows = FIGURES.map(([name, title, write]) => [title, write(own.number(name)), ...(isBeside ? [write(other.number(name))] : [])]);
  return {
    caption: "",
    head: ["Figure", "This", ...(isBeside ? ["Bitcoin, without costs"] : [])],
    words: 1,
    rows: own.number("days") === undefined ? [] : rows,
  };
}

function listPairs(sheet: Sheet): Table {
  const all = sheet.list("rows");
  return {
    caption: all.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${whole(all.length)} pairs of windows` : "Every pair of windows",
    head: ["Token", "Fast, days", "Slow, days", "Return", "Sharpe", "Worst drawdown", "Trades"],
    words: 1,
    rows: all
      .slice(0, MOST_ROWS)
      .map((row) => [
        row.text("symbol"),
        whole(row.number("fast")),
        whole(row.number("slow")),
        change(row.number("total_return")),
        ratio(row.number("sharpe")),
        change(row.number("max_drawdown")),
        whole(row.number("trades")),
      ]),
  };
}

function listTokens(sheet: Sheet): Table {
  return {
    caption: "Each token, beside holding it without costs",
    head: ["Token", "Return", "Held", "Sharpe", "Held", "Worst drawdown", "Held"],
    words: 1,
    rows: sheet.list("tokens").map((row) => {
      const [own, held] = [row.in("metrics"), row.in("holding")];
      const both = (name: string, write: Write) => [write(own.number(name)), write(held.number(name))];
      return [row.text("symbol"), ...both("total_return", change), ...both("sharpe", ratio), ...both("max_drawdown", change)];
    }),
  };
}

export function showReproduction(sheet: Sheet): Result {
  const kinds = sheet.list("kinds");
  const sum = (name: string) => kinds.reduce((total, kind) => total + (kind.number(name) ?? 0), 0);
  const odd = sheet.list("publications").filter((one) => one.text("outcome") !== "equal");
  return {
    words: [
      `${sum("equal")} of ${sum("checked")} publications came out equal to the byte${sum("different") ? `; ${sum("different")} did not` : ""}.`,
      `Drawn with the seed ${sheet.text("seed")}, up to sequence number ${sheet.text("until")}: the same again with these.`,
    ],
    tables: [
      {
        caption: "By kind",
        head: ["Kind", "Published", "Checked", "Equal", "Different", "Facts not here"],
        words: 1,
        rows: kinds.map((kind) => [
          nameKind(kind.text("kind")),
          ...["published", "checked", "equal", "different", "not_here"].map((name) => whole(kind.number(name))),
        ]),
      },
      {
        caption: "Those that were not equal",
        head: ["Publication", "Outcome", "Why"],
        words: 3,
        rows: odd.map((one) => [one.text("publication_id"), one.text("outcome"), one.text("reason")]),
      },
    ].filter((table) => table.rows.length > 0),
    curve: undefined,
  };
}
