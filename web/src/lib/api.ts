/** The API as its own document types it; the same generated types as the TypeScript client. */
import createClient from "openapi-fetch";
import type { components, paths } from "../../../clients/typescript/src/schema";

export type Schemas = components["schemas"];

/** One wrong member of what was sent, by its path: "weights.0.day". */
export interface Fault {
  parameter: string;
  message: string;
}

/** A problem document: what went wrong and what to do about it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
    readonly faults: readonly Fault[] = [],
  ) {
    super(message);
  }
}

export const api = createClient<paths>({ baseUrl: location.origin });

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** The JSON of an answer (other formats come as text). Throws Problem for a refusal and for a server that cannot be reached. */
export async function take<T>(asked: Promise<Answer<T>>): Promise<Exclude<T, string>> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch {
    throw new Problem(0, "unreachable", "The server does not answer.", "It is tried again.");
  }
  if (answer.data !== undefined) return answer.data as Exclude<T, string>;
  throw readProblem(answer.response.status, answer.error);
}

const NOT_FOUND = 404;

/** The same, undefined where it has not been published yet. */
export async function takeIfSaid<T>(asked: Promise<Answer<T>>): Promise<Exclude<T, string> | undefined> {
  try {
    return await take(asked);
  } catch (error) {
    if (error instanceof Problem && error.status === NOT_FOUND) return undefined;
    throw error;
  }
}

interface Listed<T> {
  data: T[];
  next_cursor: string | null;
}

/** Every page of a list. `ask` is called with the cursor of each page, undefined for the first. Throws Problem. */
export async function takeAll<T>(ask: (cursor: string | undefined) => Promise<Listed<T>>): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask(cursor);
    rows.push(...page.data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return rows;
}

function readProblem(status: number, body: unknown): Problem {
  const told = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (name: string, otherwise: string) =>
    typeof told[name] === "string" ? (told[name] as string) : otherwise;
  const faults = Array.isArray(told["errors"]) ? (told["errors"] as Fault[]) : [];
  return new Problem(status, text("code", "unknown"), text("detail", `HTTP ${status}`), text("hint", ""), faults);
}
