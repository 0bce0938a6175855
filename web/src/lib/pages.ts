/** The pages: one folder each, whose name is the first segment of its paths. */
import type { Component } from "svelte";

export interface Page {
  /** What the navigation calls it; pages without are reached from others. */
  title: string;
  /** Place in the navigation. */
  order?: number;
  load: () => Promise<{ default: Component }>;
}

const found = import.meta.glob<Page>("../pages/*/page.ts", { eager: true, import: "page" });

/** The page at "/". */
export const HOME = "market";

export const pages: ReadonlyMap<string, Page> = new Map(
  Object.entries(found).map(([path, page]) => [path.split("/").at(-2)!, page]),
);

export const navigation = [...pages]
  .filter(([, page]) => page.order !== undefined)
  .sort(([, a], [, b]) => a.order! - b.order!)
  .map(([name, page]) => ({ title: page.title, name, path: `/${name}` }));
