/** Rules and what they fired, as the page reads and writes them, and their words. */
import { api, Problem, take, type Schemas } from "../../lib/api";
import { finish } from "../../lib/session.svelte";

export type Rule = Schemas["RuleShape"];
export type Spec = Schemas["RuleSpec"];
export type Event = Schemas["EventShape"];
export type Understood = Schemas["RuleInWords"];

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

/** An account has no more rules than one page holds. */
const MOST_RULES = 500;
const PAGE = 25;

const BAD_INPUT = 422;

const at = (id: string) => ({ path: { rule_id: id } });

export async function readWords(text: string): Promise<Understood> {
  return (await take(api.POST("/v1/alerts/words", { body: { text } }))).data;
}

export async function tryRule(rule: Spec, days: number): Promise<Schemas["DryRunShape"]> {
  return (await take(api.POST("/v1/alerts/test", { body: { rule, days } }))).data;
}

export async function keepRule(rule: Spec): Promise<Rule> {
  return (await take(api.POST("/v1/alerts/rules", { body: rule }))).data;
}

export async function changeRule(id: string, change: Schemas["RuleChange"]): Promise<Rule> {
  return (await take(api.PATCH("/v1/alerts/rules/{rule_id}", { params: at(id), body: change }))).data;
}

export async function removeRule(id: string): Promise<void> {
  await finish(api.DELETE("/v1/alerts/rules/{rule_id}", { params: at(id) }));
}

export async function loadRules(): Promise<Rule[]> {
  return (await take(api.GET("/v1/alerts/rules", { params: { query: { limit: MOST_RULES } } }))).data;
}

export async function loadRule(id: string): Promise<Rule> {
  return (await take(api.GET("/v1/alerts/rules/{rule_id}", { params: at(id) }))).data;
}

export async function loadScore(id: string): Promise<Schemas["ScoreShape"]> {
  return (await take(api.GET("/v1/alerts/rules/{rule_id}/score", { params: at(id) }))).data;
}

export async function loadRecord(): Promise<Schemas["GroupShape"][]> {
  return (await take(api.GET("/v1/alerts/record"))).data;
}

/** A page of what fired, the newest first; of every rule where none is named. */
export function loadEvents(rule: string, cursor: string): Promise<Schemas["EventPage"]> {
  const query = { limit: PAGE, ...(rule && { rule_id: rule }), ...(cursor && { cursor }) };
  return take(api.GET("/v1/alerts/events", { params: { query } }));
}

export function nameRule(rule: Rule): string {
  return rule.rule.name || rule.description;
}

/** A rule that was written as JSON, or a condition put into the rest of one. Whether it can be is the server's to say. */
export function parseRule(text: string, rest: Omit<Spec, "when">): Spec {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Problem(BAD_INPUT, "no-json", "That is no JSON.", String((error as Error).message));
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new Problem(BAD_INPUT, "no-rule", "A rule is an object.", 'Its condition stands in "when".');
  }
  return ("when" in document ? document : { ...rest, when: document }) as Spec;
}
