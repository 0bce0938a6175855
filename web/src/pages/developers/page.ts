import type { Page } from "../../lib/pages";

export const page: Page = { title: "Developers", order: 70, load: () => import("./Developers.svelte") };
