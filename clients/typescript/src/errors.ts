/** One part of a request that was wrong: where it stood, its name, what is wrong. */
export interface WrongField {
  where: string;
  parameter: string;
  message: string;
}

export interface ErrorParts {
  code: string;
  detail: string;
  hint?: string;
  status?: number | undefined;
  retryable?: boolean;
  errors?: readonly WrongField[];
  retryAfterS?: number | undefined;
  cause?: unknown;
}

/**
 * Everything that can go wrong with a request. It mirrors the API's problem documents (RFC 9457):
 * `code` is stable and for programs, `detail` says what happened, `hint` what to do. Where no answer
 * came, `status` is undefined and `code` is `unreachable` or `timed-out`.
 */
export class AssayError extends Error {
  override readonly name = "AssayError";
  readonly code: string;
  readonly detail: string;
  readonly hint: string;
  readonly status: number | undefined;
  readonly retryable: boolean;
  readonly errors: readonly WrongField[];
  readonly retryAfterS: number | undefined;

  constructor(parts: ErrorParts) {
    super([parts.detail, parts.hint].filter(Boolean).join(" "), { cause: parts.cause });
    this.code = parts.code;
    this.detail = parts.detail;
    this.hint = parts.hint ?? "";
    this.status = parts.status;
    this.retryable = parts.retryable ?? false;
    this.errors = parts.errors ?? [];
    this.retryAfterS = parts.retryAfterS;
  }
}

/** The error that a refusing answer stands for, problem document or not. */
export async function readProblem(response: Response): Promise<AssayError> {
  const type = response.headers.get("content-type") ?? "";
  const body: unknown = type.startsWith("application/problem+json")
    ? await response.json().catch(() => ({}))
    : {};
  const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<ErrorParts>;
  return new AssayError({
    code: problem.code ?? `http-${response.status}`,
    detail: problem.detail ?? `The server answered ${response.status}.`,
    hint: problem.hint ?? "",
    status: response.status,
    // A gateway in between answers without a problem document, but in the same words.
    retryable: problem.retryable ?? RETRIED.has(response.status),
    errors: problem.errors ?? [],
    retryAfterS: readRetryAfter(response.headers),
  });
}

/** Statuses that may pass by themselves. */
export const RETRIED: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Seconds that a Retry-After asks for: a number, or a date less the server's own Date. */
export function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const wait = Date.parse(text) - Date.parse(headers.get("date") ?? "");
  return Number.isNaN(wait) ? undefined : Math.max(0, wait / 1000);
}
