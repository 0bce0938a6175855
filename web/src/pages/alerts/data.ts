/** Alerts as the page reads and writes them, and their words. */
import { api, take, type Schemas } from "../../lib/api";
import { finish } from "../../lib/session.svelte";

export type Rule = Schemas["RuleShape"];
export type Spec = Schemas["RuleSpec"];
export type Event = Schemas["EventShape"];

export const EXAMPLES = [
  "BTC falls by 5 % within 1 hour",
  "ETH price rises through 4,000",
  "SOL daily signal changes to short",
  "venue binance is down or stale",
] as const;

export const TOLD: Record<Event["told"], string> = {
  now: "sent at once",
  held: "held for a summary",
  digest: "sent in a summary",
  dropped: "dropped in quiet hours",
  nowhere: "shown here only",
  left_out: "left out: too many in an hour",
};

export const STATUS: Record<Rule["status"], string> = {
  watching: "● watching",
  paused: "○ paused",
  over: "– over, it was to fire once",
  expired: "– expired",
};

export async function readWords(text: string): Promise<Schemas["RuleInWords"]> {
  return (await take(api.POST("/v1/alerts/words", { body: { text } }))).data;
}

export async function tryRule(rule: Spec, days: number): Promise<Schemas["DryRunShape"]> {
  return (await take(api.POST("/v1/alerts/test", { body: { rule, days } }))).data;
}

export async function keepRule(rule: Spec): Promise<void> {
  await take(api.POST("/v1/alerts/rules", { body: rule }));
}

export async function pauseRule(id: string, isPaused: boolean): Promise<void> {
  await take(api.PATCH("/v1/alerts/rules/{rule_id}", { params: { path: { rule_id: id } }, body: { is_paused: isPaused } }));
}

export async function removeRule(id: string): Promise<void> {
  await finish(api.DELETE("/v1/alerts/rules/{rule_id}", { params: { path: { rule_id: id } } }));
}

export function loadRules(): Promise<Schemas["RulePage"]> {
  return take(api.GET("/v1/alerts/rules", { params: { query: { limit: 500 } } }));
}

export async function loadChannels(): Promise<Schemas["ChannelShape"][]> {
  return (await take(api.GET("/v1/alerts/channels", { params: { query: { limit: 50 } } }))).data;
}

export function loadEvents(rule: string, cursor: string): Promise<Schemas["EventPage"]> {
  const query = { limit: 25, ...(rule && { rule_id: rule }), ...(cursor && { cursor }) };
  return take(api.GET("/v1/alerts/events", { params: { query } }));
}

/** A reading in words: "BTC price 41,000 against 42,000 (binance)". */
export function writeReading(reading: Schemas["ReadingShape"]): string {
  const value = (one: number | string) => (typeof one === "number" ? one.toLocaleString("en-US", { maximumSignificantDigits: 8 }) : one);
  const against = reading.against === null ? "" : ` against ${value(reading.against)}`;
  return `${reading.symbol || reading.subject} ${reading.metric} ${value(reading.value)}${against}`;
}
