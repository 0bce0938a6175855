/** What was said of a token on each day, and the days on which it became something else. Pure. */
import type { Schemas } from "../../lib/api";
import { formatGrade } from "../../lib/format";
import { nameOrigin } from "../../lib/words";
import type { Grades, Kind } from "./data";
import { describeSignal, KINDS } from "./words";

export interface Turn {
  day: string;
  signal: -1 | 0 | 1;
}

/** The days on which the signal became another; a day without a view is no statement. */
export function listTurns(signals: readonly Schemas["SignalDay"][]): Turn[] {
  const turns: Turn[] = [];
  let before: number | undefined;
  for (const { as_of: day, signal } of signals) {
    if (signal === null) continue;
    if (before !== undefined && signal !== before) turns.push({ day, signal });
    before = signal;
  }
  return turns;
}

/** A grade's label became another: "Hold" became "Buy". */
export interface Step {
  day: string;
  before: string;
  now: string;
  rises: boolean;
}

/** The days on which the label became another; a day without a view is no statement. */
export function listSteps(grades: readonly Schemas["GradePoint"][]): Step[] {
  const steps: Step[] = [];
  let before: { label: string; grade: number } | undefined;
  for (const { as_of: day, label, grade } of grades) {
    if (label === null || grade === null) continue;
    if (before && label !== before.label) steps.push({ day, before: before.label, now: label, rises: Number(grade) > before.grade });
    before = { label, grade: Number(grade) };
  }
  return steps;
}

/** All that was said of a day's close, in words; one statement an entry. */
export type Words = ReadonlyMap<string, { statements: string[]; origins: string[] }>;

/** Signals and grades by day, each with what it was before where it changed, and how they came about. */
export function tellDays(signals: readonly Schemas["SignalDay"][], grades: Grades): Words {
  const days = new Map<string, { statements: string[]; origins: string[] }>();
  const tell = (day: string, statement: string, origin: string) => {
    const told = days.get(day) ?? { statements: [], origins: [] };
    told.statements.push(statement);
    const words = nameOrigin(origin);
    if (!told.origins.includes(words)) told.origins.push(words);
    days.set(day, told);
  };
  const turned = new Set(listTurns(signals).map((turn) => turn.day));
  for (const { as_of: day, signal, no_view, origin } of signals) {
    const says = no_view ? "no view" : describeSignal(signal);
    tell(day, `Signal ${says}${turned.has(day) ? ", new" : ""}`, origin);
  }
  for (const kind of Object.keys(KINDS) as Kind[]) {
    const steps = new Map(listSteps(grades[kind]).map((step) => [step.day, step]));
    for (const { as_of: day, grade, label, origin } of grades[kind]) {
      const step = steps.get(day);
      const says = grade === null ? "no view" : `${formatGrade(grade)}, ${label}${step ? `, was ${step.before}` : ""}`;
      tell(day, `${KINDS[kind].title} ${says}`, origin);
    }
  }
  return days;
}

/** A price with a name, drawn as a line. */
export interface Mark {
  name: string;
  short: string;
  price: number;
  tone: "up" | "down" | "accent";
  style: "dashed" | "dotted" | "solid";
}

/** A level with the name that the chart and its table give it: "Support 2" is the second below the price. */
export type NamedLevel = Schemas["Level"] & { name: string };

export function nameLevels(said: Schemas["LevelsDay"] | undefined): NamedLevel[] {
  const name = (title: string) => (level: Schemas["Level"], place: number) => ({ ...level, name: `${title} ${place + 1}` });
  return [...(said?.resistances ?? []).map(name("Resistance")), ...(said?.supports ?? []).map(name("Support"))];
}

export function markLevels(levels: readonly NamedLevel[]): Mark[] {
  return levels.map(({ name, price, side }) => ({
    name,
    short: `${name[0]}${name.split(" ").at(-1)}`,
    price: Number(price),
    tone: side === "support" ? "up" : "down",
    style: side === "support" ? "dashed" : "dotted",
  }));
}

/** Where the running position ends. */
export function markSignal(signal: Schemas["SignalDay"] | undefined): Mark[] {
  const prices = { Target: signal?.target, Stop: signal?.stop };
  return Object.entries(prices).flatMap(([name, price]) =>
    price ? [{ name, short: name, price: Number(price), tone: "accent" as const, style: "solid" as const }] : [],
  );
}
