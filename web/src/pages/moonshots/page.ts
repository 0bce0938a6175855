import type { Page } from "../../lib/pages";

export const page: Page = { title: "Moonshots", order: 30, load: () => import("./Moonshots.svelte") };
