/** The columns of the table, and which of them are shown: as many as fit, or those chosen in this browser. */
import { innerWidth } from "svelte/reactivity/window";

interface Described {
  head: string;
  /** What the chooser calls it, where its head is too short to stand alone. */
  label?: string;
  /** Width of the window, in px, from which on it is shown to who has not chosen; none: never. */
  from?: number;
}

const described = {
  symbol: { head: "Token", from: 0 },
  sector: { head: "Sector", from: 1_200 },
  price: { head: "Price, USD", from: 0 },
  day: { head: "1 day", label: "Change in 1 day", from: 768 },
  week: { head: "7 days", label: "Change in 7 days", from: 544 },
  trader: { head: "Trader grade", from: 0 },
  trader_change: { head: "Trader ±", label: "Change of the Trader grade" },
  investor: { head: "Investor grade", from: 544 },
  investor_change: { head: "Investor ±", label: "Change of the Investor grade" },
  signal: { head: "Signal", from: 768 },
  volume: { head: "Volume, 24 h", from: 960 },
} satisfies Record<string, Described>;

export type Column = keyof typeof described;
export const COLUMNS: Readonly<Record<Column, Described>> = described;
export const ALL_COLUMNS = Object.keys(described) as Column[];
/** Without it nobody knows whose row it is. */
export const ALWAYS: Column = "symbol";

const KEPT = "assay-columns";

function read(): ReadonlySet<string> | undefined {
  const kept = localStorage.getItem(KEPT);
  return kept === null ? undefined : new Set(kept.split(","));
}

class Columns {
  #chosen = $state.raw(read());

  get isChosen(): boolean {
    return this.#chosen !== undefined;
  }

  get shown(): Column[] {
    const width = innerWidth.current ?? 0;
    return ALL_COLUMNS.filter((name) => {
      if (name === ALWAYS) return true;
      return this.#chosen ? this.#chosen.has(name) : width >= (COLUMNS[name].from ?? Infinity);
    });
  }

  toggle(name: Column): void {
    const chosen = new Set<string>(this.shown);
    if (!chosen.delete(name)) chosen.add(name);
    this.#chosen = chosen;
    localStorage.setItem(KEPT, [...chosen].join(","));
  }

  /** Back to as many as fit. */
  forget(): void {
    this.#chosen = undefined;
    localStorage.removeItem(KEPT);
  }
}

export const columns = new Columns();
