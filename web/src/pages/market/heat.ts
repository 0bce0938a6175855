/** The heat map: what stands together, how large and how deep each tile is, and what it says. Pure. */
import { formatGrade, formatPercentChange } from "../../lib/format";
import { volumeOf, type Priced } from "./data";
import { NO_SECTOR } from "./sectors";
import { raise, squarify, stack, type Box } from "./treemap";

export const MEASURES = { day: "1 day", week: "7 days", trader: "Trader grade", investor: "Investor grade" } as const;
export type Measure = keyof typeof MEASURES;

export interface Tone {
  colour: "up" | "down" | "first" | "second" | "none";
  /** Of the colour in the ground, 0 to 1. */
  depth: number;
}
export interface Tile {
  row: Priced;
  box: Box;
  said: string;
  text: "large" | "medium" | "small" | "line" | "bare";
}
export interface Group {
  sector: string;
  box: Box;
  tiles: Tile[];
}
export interface Drawing {
  height: number;
  groups: Group[];
}

/** The change that has the full colour. */
const FULL = { day: 0.1, week: 0.2 } as const;
const MEAN_AREA = 4_200;
const LEAST_AREA = 2_500;
const LEAST_HEIGHT = 160;
export const HEAD_PX = 26;
/** Between sectors. */
const GAP_PX = 6;
/** Below this width the sectors stand below one another. */
const NARROW = 640;
/** Tiles are so much wider than high, as their text is. */
const ASPECT = 1.6;

export function valueOf(row: Priced, measure: Measure): number | undefined {
  if (measure === "day" || measure === "week") return row[measure];
  const grade = row[measure]?.grade;
  return grade == null ? undefined : Number(grade);
}

export function say(value: number | undefined, measure: Measure): string {
  return measure === "day" || measure === "week" ? formatPercentChange(value) : formatGrade(value);
}

export function toneOf(value: number | undefined, measure: Measure): Tone {
  if (value === undefined) return { colour: "none", depth: 0 };
  if (measure === "trader") return { colour: "first", depth: value / 100 };
  if (measure === "investor") return { colour: "second", depth: value / 100 };
  return { colour: value < 0 ? "down" : "up", depth: Math.min(1, Math.abs(value) / FULL[measure]) };
}

/** What the legend shows, from the least to the most. */
export function stepsOf(measure: Measure): { value: number; said: string }[] {
  if (measure === "trader" || measure === "investor") return [0, 25, 50, 75, 100].map((value) => ({ value, said: String(value) }));
  const bounds: Record<number, string> = { [-1]: "≤ ", 1: "≥ " };
  return [-1, -0.5, 0, 0.5, 1].map((share) => {
    const value = share * FULL[measure];
    return { value, said: (bounds[share] ?? "") + formatPercentChange(value, 0) };
  });
}

/** The middle value of those that are known. */
export function median(rows: readonly Priced[], measure: Measure): number | undefined {
  const known = rows.map((row) => valueOf(row, measure)).filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = known.length / 2;
  if (known.length % 2) return known[Math.floor(middle)];
  return known.length ? (known[middle - 1]! + known[middle]!) / 2 : undefined;
}

/** Every row as a tile by the square root of its volume, among those of its sector; the largest first. */
export function draw(rows: readonly Priced[], measure: Measure, width: number): Drawing {
  const sizes = raise(rows.map((row) => Math.sqrt(volumeOf(row) ?? 0)), LEAST_AREA / MEAN_AREA / rows.length);
  const scale = (MEAN_AREA * rows.length) / sizes.reduce((all, size) => all + size, 0);
  const sized = rows.map((row, i) => ({ row, area: sizes[i]! * scale })).sort((a, b) => b.area - a.area);
  const isNarrow = width < NARROW;
  const sectors = groupBySector(sized)
    .map(([sector, tiles]) => ({ sector, tiles, area: withHead(sum(tiles), isNarrow ? width : undefined) }))
    .sort((a, b) => b.area - a.area);
  const height = Math.max(LEAST_HEIGHT, sum(sectors) / width);
  const boxes = (isNarrow ? stack : squarify)(sectors.map(({ area }) => area), { x: 0, y: 0, width, height });
  return { height, groups: sectors.map(({ sector, tiles }, i) => ({ sector, box: boxes[i]!, tiles: layTiles(tiles, boxes[i]!, measure) })) };
}

interface Sized {
  row: Priced;
  area: number;
}

function groupBySector(sized: readonly Sized[]): [string, Sized[]][] {
  const groups = new Map<string, Sized[]>();
  for (const one of sized) {
    const sector = one.row.sector ?? NO_SECTOR;
    const group = groups.get(sector);
    if (group) group.push(one);
    else groups.set(sector, [one]);
  }
  return [...groups];
}

function sum(sized: readonly { area: number }[]): number {
  return sized.reduce((all, { area }) => all + area, 0);
}

/** The area of a sector's tiles and of its head: as wide as is known, else as a square. */
function withHead(area: number, width = Math.sqrt(area)): number {
  return area + HEAD_PX * width;
}

function layTiles(tiles: readonly Sized[], { width, height }: Box, measure: Measure): Tile[] {
  const room = { x: 0, y: 0, width: (width - GAP_PX) / ASPECT, height: Math.max(1, height - HEAD_PX - GAP_PX) };
  const boxes = squarify(tiles.map(({ area }) => area), room);
  return tiles.map(({ row }, i) => {
    const { x, y, width: narrow, height: high } = boxes[i]!;
    const box = { x: x * ASPECT, y, width: narrow * ASPECT, height: high };
    const said = say(valueOf(row, measure), measure);
    return { row, box, said, text: chooseText(row.symbol, said, box) };
  });
}

const SIZES = [
  { text: "large", px: 20, height: 64 },
  { text: "medium", px: 13, height: 34 },
  { text: "small", px: 11, height: 29 },
] as const;
/** Mean widths of a bold capital and of a digit, in sizes of their letters; generous. */
const CAPITAL = 0.76;
const DIGIT = 0.62;

/** The largest text that its tile has room for: two lines, else one. */
function chooseText(symbol: string, said: string, { width, height }: Box): Tile["text"] {
  const [first, second] = [symbol.length * CAPITAL, said.length * DIGIT];
  const fitting = SIZES.find((size) => width >= Math.max(first, second) * size.px + 4 && height >= size.height);
  if (fitting) return fitting.text;
  const { px } = SIZES.at(-1)!;
  return width >= (first + second + 0.4) * px + 4 ? "line" : "bare";
}
