/** What a section of the briefing is made of. */
import { formatCount } from "../../lib/format";
import { Sheet } from "../../lib/sheet";

export interface Cell {
  text: string;
  href?: string;
  /** Said in small beside it. */
  note?: string;
  tone?: "up" | "down";
  /** May stand in two lines where there is little room. */
  wraps?: boolean;
}

export interface Grid {
  caption: string;
  head: string[];
  rows: Cell[][];
}

export interface Section {
  title: string;
  /** Why there is nothing, in the words of the briefing. */
  absent: string;
  words: string[];
  grids: Grid[];
  /** Places in the sources of the briefing. */
  sources: number[];
}

/** A section with what each has; the rest is filled in by its writer. */
export function begin(title: string, sheet: Sheet): Section {
  const sources = sheet.in("sources");
  const places = ["today", "before"].flatMap((name) => sources.number(name) ?? []);
  return { title, absent: sheet.text("absent"), words: [], grids: [], sources: places };
}

export function coin(sheet: Sheet): Cell {
  const symbol = sheet.text("symbol");
  return { text: symbol, href: `/tokens/${encodeURIComponent(symbol)}`, note: sheet.text("name") };
}

/** A number written by `format`, with the tone of its sign. */
export function signed(value: number | undefined, format: (value: number | undefined) => string): Cell {
  const text = format(value);
  return value ? { text, tone: value < 0 ? "down" : "up" } : { text };
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
