/** What can be asked for as a job: its fields, and what they are sent as. */
import { refuseField } from "../../lib/faults";

interface Shared {
  /** Member of the parameters. */
  name: string;
  label: string;
  hint?: string;
}
export type Entry =
  | (Shared & { type: "day"; start?: string })
  | (Shared & { type: "number"; start?: number; min: number; max: number; step: number; required?: boolean })
  | (Shared & { type: "choice"; start: string; choices: Record<string, string> })
  | (Shared & { type: "choices"; start: string[]; choices: Record<string, string> })
  | (Shared & { type: "words" | "numbers" | "word"; start: string })
  | (Shared & { type: "json"; start: string });

export interface Form {
  title: string;
  about: string;
  kind: "evaluation" | "backtest" | "backfill" | "reproduction" | "facts" | "training";
  /** Of a back-test: what it is of. */
  strategy?: string;
  isForOwner?: boolean;
  entries: Entry[];
}

export type Values = Record<string, string | number | string[] | null>;

const GRADES = { trader: "Trader Grades", investor: "Investor Grades" };
const JUDGED = {
  ...GRADES,
  signals: "Signals",
  forecasts: "Forecasts",
  indices: "Indices",
  moonshots: "Moonshots",
  market_state: "Market state",
  briefing: "Briefings",
};
const FROM: Entry = { type: "day", name: "from", label: "From", hint: "Empty: the first day there is." };
const TO: Entry = { type: "day", name: "to", label: "To", hint: "Empty: the newest day." };
const KINDS: Entry = { type: "choices", name: "kinds", label: "Of what", hint: "None chosen: everything.", start: [], choices: JUDGED };
const COSTS: Entry[] = [
  { type: "number", name: "fee_bps", label: "Fee a side, basis points", start: 10, min: 0, max: 1_000, step: 0.1, required: true },
  { type: "number", name: "slippage_bps", label: "Slippage a side, basis points", start: 0, min: 0, max: 1_000, step: 0.1, required: true },
  { type: "number", name: "lag", label: "Filled after, days", hint: "From the close that decides.", start: 1, min: 1, max: 30, step: 1, required: true },
];
const TARGETS = `[
  {"day": "2023-01-02", "weights": {"BTC": 0.6, "ETH": 0.4}},
  {"day": "2023-07-01", "weights": {"BTC": 1.0}}
]`;
const SIGNALS = `{
  "BTC": {"2023-01-02": 1, "2023-03-01": 0},
  "ETH": {"2023-02-01": -1}
}`;

export const FORMS: Record<string, Form> = {
  evaluation: {
    title: "Evaluation",
    about: "Measures whether what was published is worth anything, against noise and controls. The result is a page with charts.",
    kind: "evaluation",
    entries: [{ type: "choice", name: "kind", label: "Of what", start: "trader", choices: JUDGED }, FROM, TO],
  },
  crosses: {
    title: "Back-test: crosses",
    about: "Buys where the fast average of the closes crosses above the slow one, sells where below; every pair of windows, after costs.",
    kind: "backtest",
    strategy: "crosses",
    entries: [
      { type: "words", name: "symbols", label: "Tokens", hint: "Symbols, separated by blanks or commas.", start: "BTC ETH" },
      { type: "numbers", name: "fast", label: "Fast windows, days", hint: "Every shorter one with every longer one.", start: "10 20" },
      { type: "numbers", name: "slow", label: "Slow windows, days", start: "50 100" },
      FROM,
      TO,
      ...COSTS,
    ],
  },
  weights: {
    title: "Back-test: weights",
    about: "One account that trades to the shares you wish at the close of each day; between two wishes positions drift.",
    kind: "backtest",
    strategy: "weights",
    entries: [
      { type: "json", name: "targets", label: "Target weights, JSON", hint: "Shares of the account's value by symbol; below 0 is short.", start: TARGETS },
      FROM,
      TO,
      ...COSTS,
    ],
  },
  signals: {
    title: "Back-test: signals",
    about: "One account for each token: 1 is long, -1 short, 0 out; a signal holds until the next.",
    kind: "backtest",
    strategy: "signals",
    entries: [{ type: "json", name: "signals", label: "Signals, JSON", hint: "By symbol and day.", start: SIGNALS }, FROM, TO, ...COSTS],
  },
  reproduction: {
    title: "Reproduction",
    about: "Draws publications at random, computes each again from its facts, and says which came out equal to the byte.",
    kind: "reproduction",
    entries: [
      KINDS,
      { type: "number", name: "sample", label: "How many", start: 50, min: 1, max: 1_000, step: 1, required: true },
      { type: "number", name: "seed", label: "Seed", hint: "Draws the same ones again. Empty: a random one.", min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
    ],
  },
  backfill: {
    title: "Back-fill",
    about: "Publishes past days that are owed, and what they read before them.",
    kind: "backfill",
    isForOwner: true,
    entries: [KINDS, FROM, TO],
  },
  facts: {
    title: "Facts",
    about: "Fetches the newest candles of every token from a venue, as far as they are missing.",
    kind: "facts",
    isForOwner: true,
    entries: [
      { type: "word", name: "venue", label: "Venue", hint: "A name that ccxt knows.", start: "binance" },
      { type: "choices", name: "intervals", label: "Candles", start: ["1d", "1h"], choices: { "1d": "of a day", "1h": "of an hour" } },
    ],
  },
  training: {
    title: "Training",
    about: "Trains the models of the grades again from everything known now. Past models stay.",
    kind: "training",
    isForOwner: true,
    entries: [{ type: "choices", name: "kinds", label: "Of what", start: ["trader", "investor"], choices: GRADES }],
  },
};

export function begin(form: Form): Values {
  return Object.fromEntries(form.entries.map((entry) => [entry.name, entry.start ?? (entry.type === "number" ? null : "")]));
}

/** The values as parameters of the API. Throws Problem that names a field which cannot be read. */
export function writeParameters(form: Form, values: Values): Record<string, unknown> {
  const given = form.entries.flatMap((entry) => {
    const value = writeValue(entry, values[entry.name] ?? "");
    return value === undefined ? [] : [[entry.name, value] as const];
  });
  const parameters = Object.fromEntries(given);
  return form.strategy ? { backtest: { strategy: form.strategy, ...parameters } } : parameters;
}

function writeValue(entry: Entry, value: string | number | string[]): unknown {
  if (entry.type === "json") return readJson(entry.name, String(value));
  if (entry.type === "words") return split(value).map((word) => word.toUpperCase());
  if (entry.type === "numbers") return split(value).map((word) => readNumber(entry.name, word));
  return value === "" ? undefined : value;
}

function split(value: unknown): string[] {
  return String(value)
    .split(/[\s,]+/)
    .filter(Boolean);
}

function readNumber(name: string, word: string): number {
  const number = Number(word);
  if (!Number.isInteger(number)) throw refuseField(name, `${word} is no whole number`);
  return number;
}

function readJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuseField(name, `This is no JSON: ${(error as Error).message}`);
  }
}
