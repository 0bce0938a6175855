import type { Page } from "../../lib/pages";

export const page: Page = { title: "Indices", order: 20, load: () => import("./Indices.svelte") };
