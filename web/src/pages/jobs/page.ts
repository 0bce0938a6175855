import type { Page } from "../../lib/pages";

export const page: Page = { title: "Jobs", order: 80, load: () => import("./Jobs.svelte") };
