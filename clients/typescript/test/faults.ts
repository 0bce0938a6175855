// Asks servers that fail; each address comes with what must happen.
import assert from "node:assert/strict";

import { Assay, AssayError } from "../src/index.js";

/** What a fetch answers in turn; an Error is thrown. */
function scripted(...acts: (Response | Error)[]) {
  const requests: Request[] = [];
  const send = async (request: Request): Promise<Response> => {
    requests.push(request);
    const act = acts.shift();
    if (act === undefined) throw new Error("asked once too often");
    if (act instanceof Error) throw act;
    return act;
  };
  const retries = { baseMs: 1, capMs: 2, longestWaitMs: 1_500 };
  return { assay: new Assay({ url: "http://assay.test", key: "ak_x_y", fetch: send, retries }), requests };
}

function refuse(status: number, retryable: boolean, headers: Record<string, string> = {}): Response {
  return Response.json(
    { code: "busy", detail: "No.", hint: "Wait.", retryable, errors: [] },
    { status, headers: { "content-type": "application/problem+json", ...headers } },
  );
}

const ok = () => Response.json({ status: "ok" });

async function fails(assay: Assay): Promise<AssayError> {
  const error = await assay.get("/healthz").then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof AssayError, String(error));
  return error;
}

const passing = scripted(refuse(503, true), new TypeError("fetch failed"), refuse(429, true), ok());
assert.deepEqual(await passing.assay.get("/healthz"), { status: "ok" });
assert.equal(passing.requests.length, 4);
assert.equal(passing.requests[0]?.headers.get("authorization"), "Bearer ak_x_y");

const final = scripted(refuse(500, false), ok());
assert.equal((await fails(final.assay)).status, 500);
assert.equal(final.requests.length, 1);

const stated = scripted(refuse(502, false), ok());
assert.equal((await fails(stated.assay)).retryable, false);
assert.equal(stated.requests.length, 1);

const began = Date.now();
const patient = scripted(refuse(429, true, { "retry-after": "1" }), ok());
assert.deepEqual(await patient.assay.get("/healthz"), { status: "ok" });
assert.ok(Date.now() - began >= 990);

const tooLong = scripted(refuse(429, true, { "retry-after": "3600" }), ok());
assert.equal((await fails(tooLong.assay)).retryAfterS, 3600);

const away = scripted(...Array.from({ length: 9 }, () => new TypeError("fetch failed")));
assert.equal((await fails(away.assay)).code, "unreachable");
assert.equal(away.requests.length, 4);

const gateway = scripted(...Array.from({ length: 9 }, () => new Response("<html>", { status: 502 })));
assert.equal((await fails(gateway.assay)).code, "http-502");

console.log("ok");
