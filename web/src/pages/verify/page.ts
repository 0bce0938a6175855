import type { Page } from "../../lib/pages";

export const page: Page = { title: "Verify", order: 60, load: () => import("./Verify.svelte") };
