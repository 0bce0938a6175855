import type { Page } from "../../lib/pages";

export const page: Page = { title: "Account", order: 90, load: () => import("./Account.svelte") };
