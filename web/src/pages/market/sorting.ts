/** Searching, filtering and ordering of the market's rows. Pure. */
import type { Row } from "./data";

export const COLUMNS = ["symbol", "price", "change", "trader", "investor", "signal", "volume"] as const;
export type Column = (typeof COLUMNS)[number];
export interface Order {
  column: Column;
  descending: boolean;
}

export const VIEWS = { all: "All", view: "With a view", buy: "Signal: buy", sell: "Signal: sell" } as const;
export type View = keyof typeof VIEWS;

function number(value: string | number | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

function valueOf(row: Row, column: Column): number | string | undefined {
  switch (column) {
    case "symbol":
      return row.symbol;
    case "price":
      return row.closes.at(-1);
    case "change":
      return row.change;
    case "trader":
      return number(row.trader?.grade);
    case "investor":
      return number(row.investor?.grade);
    case "signal":
      return number(row.signal?.signal);
    case "volume":
      return number(row.trader?.volume_usd ?? row.investor?.volume_usd);
  }
}

function matches(row: Row, view: View): boolean {
  if (view === "view") return row.trader?.grade != null || row.investor?.grade != null;
  if (view === "buy") return row.signal?.signal === 1;
  if (view === "sell") return row.signal?.signal === -1;
  return true;
}

/** The rows asked for. What has no value comes last either way; ties stand by symbol. */
export function arrange(rows: readonly Row[], search: string, view: View, order: Order): Row[] {
  const wanted = search.trim().toLowerCase();
  const found = rows.filter(
    (row) =>
      matches(row, view) && (row.symbol.toLowerCase().includes(wanted) || row.name.toLowerCase().includes(wanted)),
  );
  const sign = order.descending ? -1 : 1;
  return found.sort((a, b) => {
    const [x, y] = [valueOf(a, order.column), valueOf(b, order.column)];
    if (x === y) return a.symbol < b.symbol ? -1 : 1;
    if (x === undefined) return 1;
    if (y === undefined) return -1;
    return (x < y ? -1 : 1) * sign;
  });
}
