/** The API as its own document types it; the same generated types as the TypeScript client. */
import createClient from "openapi-fetch";
import type { components, paths } from "../../../clients/typescript/src/schema";

export type Schemas = components["schemas"];

/** A problem document: what went wrong and what to do about it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
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

function readProblem(status: number, body: unknown): Problem {
  const told = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (name: string, otherwise: string) =>
    typeof told[name] === "string" ? (told[name] as string) : otherwise;
  return new Problem(status, text("code", "unknown"), text("detail", `HTTP ${status}`), text("hint", ""));
}
