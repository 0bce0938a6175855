/** API keys as they are asked for and said in words. */
import type { Schemas } from "../../lib/api";
import { formatCount, formatDay, formatMoment } from "../../lib/format";

export type Key = Schemas["KeyShape"];
export type Verb = Schemas["Verb"];

/** What a key may, by what its account may. */
export const SCOPES: Record<Schemas["Role"], Verb[]> = {
  owner: ["read", "use", "account", "operate", "administer"],
  user: ["read", "use", "account"],
  "read-only": ["read"],
};

export const MEANS: Record<Verb, string> = {
  read: "everything published",
  use: "own jobs and alerts",
  account: "own keys and account",
  operate: "the installation",
  administer: "other accounts",
};

/** How long the old secret of a rotated key stands, in seconds. */
export const OVERLAPS: readonly [number, string][] = [
  [0, "at once"],
  [3_600, "in an hour"],
  [86_400, "in a day"],
  [7 * 86_400, "in a week"],
];

export function tellKey(key: Key): string {
  return [
    `may ${key.scopes.join(", ")}`,
    `made ${formatDay(key.created_at)}`,
    key.last_used_at ? `last used ${formatDay(key.last_used_at)}` : "never used",
    key.expires_at ? `ends ${formatMoment(key.expires_at)}` : "does not end",
    key.requests_per_minute === null ? "rate of the plan" : `${formatCount(key.requests_per_minute)} requests a minute`,
  ].join(" · ");
}
