import type { Page } from "../../lib/pages";

export const page: Page = { title: "Market", order: 0, load: () => import("./Market.svelte") };
