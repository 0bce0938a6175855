/** Rules for common wishes: their places filled in. */
import { api, take, type Problem, type Schemas } from "../../lib/api";
import type { Spec } from "./rules";

export type Template = Schemas["TemplateShape"];
export type Values = Record<string, string | number>;

const NOT_FOUND = 404;

export async function loadTemplates(): Promise<Template[]> {
  return (await take(api.GET("/v1/alerts/templates"))).data;
}

/** The rule with every `$place` replaced by its value. */
export function fillTemplate(template: Template, values: Values): Spec {
  return { version: 1, ...(fill(template.rule, values) as Omit<Spec, "version">) };
}

/** The place whose value was refused, by the path that the refusal names; a thing nobody knows is the first place. */
export function findPlace(template: Template, problem: Problem | undefined): string | undefined {
  if (!problem) return undefined;
  if (problem.status === NOT_FOUND) return Object.keys(template.defaults)[0];
  const member = problem.faults[0]?.parameter.split(".").at(-1);
  return member && findUnder(template.rule, member);
}

function fill(node: unknown, values: Values): unknown {
  if (Array.isArray(node)) return node.map((part) => fill(part, values));
  if (typeof node === "object" && node !== null) {
    return Object.fromEntries(Object.entries(node).map(([name, part]) => [name, fill(part, values)]));
  }
  return typeof node === "string" && node.startsWith("$") ? values[node.slice(1)] : node;
}

function findUnder(node: unknown, member: string): string | undefined {
  if (typeof node !== "object" || node === null) return undefined;
  for (const [name, part] of Object.entries(node)) {
    if (name === member && typeof part === "string" && part.startsWith("$")) return part.slice(1);
    const found = findUnder(part, member);
    if (found) return found;
  }
  return undefined;
}
