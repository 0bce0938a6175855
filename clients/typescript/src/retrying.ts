import { AssayError, readProblem, RETRIED } from "./errors.js";

/** How often and how patiently to try; `tries` counts the first one, 1 never tries again. */
export interface Retries {
  tries: number;
  baseMs: number;
  capMs: number;
  /** A server that asks to wait longer than this is not waited for. */
  longestWaitMs: number;
}

export const RETRIES: Retries = { tries: 4, baseMs: 200, capMs: 5_000, longestWaitMs: 30_000 };
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE"]);

type Fetch = (request: Request) => Promise<Response>;

/**
 * A fetch that tries again what may pass: exponential backoff with full jitter, never sooner than
 * Retry-After asks, only requests that may be sent twice. Refusals are thrown as AssayError.
 */
export function retrying(send: Fetch, retries: Retries, timeoutMs: number): Fetch {
  return async (request) => {
    for (let tried = 1; ; tried++) {
      const outcome = await attempt(send, request.clone(), timeoutMs);
      if (!(outcome instanceof AssayError)) return outcome;
      const waitMs = chooseWait(request, outcome, tried, retries);
      if (waitMs === undefined) throw outcome;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };
}

async function attempt(
  send: Fetch,
  request: Request,
  timeoutMs: number,
): Promise<Response | AssayError> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await send(new Request(request, { signal }));
    return response.ok ? response : await readProblem(response);
  } catch (cause) {
    // What the caller aborted is the caller's affair.
    if (request.signal.aborted) throw cause;
    const isSlow = cause instanceof DOMException && cause.name === "TimeoutError";
    return new AssayError({
      code: isSlow ? "timed-out" : "unreachable",
      detail: isSlow ? "The server did not answer in time." : "The server cannot be reached.",
      hint: "Is it running (`assay serve`), and is this its address?",
      retryable: true,
      cause,
    });
  }
}

function chooseWait(
  request: Request,
  error: AssayError,
  tried: number,
  retries: Retries,
): number | undefined {
  const mayRepeat = IDEMPOTENT.has(request.method) || request.headers.has("idempotency-key");
  const mayPass = error.status === undefined || (error.retryable && RETRIED.has(error.status));
  const askedMs = (error.retryAfterS ?? 0) * 1000;
  if (tried >= retries.tries || !mayRepeat || !mayPass || askedMs > retries.longestWaitMs) {
    return undefined;
  }
  return askedMs + Math.random() * Math.min(retries.capMs, retries.baseMs * 2 ** (tried - 1));
}
