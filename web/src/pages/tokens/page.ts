import type { Page } from "../../lib/pages";

export const page: Page = { title: "Token", load: () => import("./Tokens.svelte") };
