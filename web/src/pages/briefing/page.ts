import type { Page } from "../../lib/pages";

export const page: Page = { title: "Briefing", order: 10, load: () => import("./Briefing.svelte") };
