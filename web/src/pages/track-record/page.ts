import type { Page } from "../../lib/pages";

export const page: Page = { title: "Track record", order: 50, load: () => import("./TrackRecord.svelte") };
