/** Searching, filtering and ordering of the market's rows. Pure. */
import type { Column } from "./columns.svelte";
import { volumeOf, type Priced } from "./data";
import { NO_SECTOR } from "./sectors";

export interface Order {
  column: Column;
  descending: boolean;
}

export const VIEWS = { all: "All", view: "With a view", buy: "Signal: buy", sell: "Signal: sell" } as const;
export type View = keyof typeof VIEWS;

export interface Filter {
  search: string;
  view: View;
  /** "" for every one. */
  sector: string;
}

function number(value: string | number | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

function valueOf(row: Priced, column: Column): number | string | undefined {
  switch (column) {
    case "symbol":
      return row.symbol;
    case "sector":
      return row.sector;
    case "price":
      return row.close;
    case "day":
      return row.day;
    case "week":
      return row.week;
    case "trader":
      return number(row.trader?.grade);
    case "trader_change":
      return number(row.trader?.change);
    case "investor":
      return number(row.investor?.grade);
    case "investor_change":
      return number(row.investor?.change);
    case "signal":
      return number(row.signal?.signal);
    case "volume":
      return volumeOf(row);
  }
}

function isInView(row: Priced, view: View): boolean {
  if (view === "view") return row.trader?.grade != null || row.investor?.grade != null;
  if (view === "buy") return row.signal?.signal === 1;
  if (view === "sell") return row.signal?.signal === -1;
  return true;
}

export function select(rows: readonly Priced[], { search, view, sector }: Filter): Priced[] {
  const wanted = search.trim().toLowerCase();
  return rows.filter(
    (row) =>
      isInView(row, view) &&
      (sector === "" || (row.sector ?? NO_SECTOR) === sector) &&
      (row.symbol.toLowerCase().includes(wanted) || row.name.toLowerCase().includes(wanted)),
  );
}

/** What has no value comes last either way; ties stand by symbol. */
export function arrange(rows: readonly Priced[], order: Order): Priced[] {
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [valueOf(a, order.column), valueOf(b, order.column)];
    if (x === y) return a.symbol < b.symbol ? -1 : 1;
    if (x === undefined) return 1;
    if (y === undefined) return -1;
    return (x < y ? -1 : 1) * sign;
  });
}
