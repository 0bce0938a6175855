import type { Page } from "../../lib/pages";

export const page: Page = { title: "Alerts", order: 40, load: () => import("./Alerts.svelte") };
