/** What of the market is looked at, and how, as it stands in the address. */
import { place } from "../../lib/router.svelte";
import { ALL_COLUMNS } from "./columns.svelte";
import { MEASURES, type Measure } from "./heat";
import { VIEWS, type Filter, type Order } from "./sorting";

export type Form = "table" | "map";

/** A word of the address where it is one of those known, else what stands without it. */
function pick<T extends string>(name: string, known: Readonly<Record<T, unknown>>, otherwise: T): T {
  const said = place.query.get(name) ?? "";
  return Object.hasOwn(known, said) ? (said as T) : otherwise;
}

export const address = {
  get filter(): Filter {
    return {
      search: place.query.get("q") ?? "",
      view: pick("view", VIEWS, "view"),
      sector: place.query.get("sector") ?? "",
    };
  },
  get order(): Order {
    const sort = place.query.get("sort") ?? "-trader";
    const column = ALL_COLUMNS.find((name) => name === sort.replace(/^-/, "")) ?? "trader";
    return { column, descending: sort.startsWith("-") };
  },
  get form(): Form {
    return place.query.get("form") === "map" ? "map" : "table";
  },
  get measure(): Measure {
    return pick("colour", MEASURES, "day");
  },
};
