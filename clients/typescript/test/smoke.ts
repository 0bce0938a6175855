// Asks a real server and prints what came, for tests/client/test_typescript.py to look at.
import assert from "node:assert/strict";

import { Assay, AssayError, type Grade } from "../src/index.js";

const assay = new Assay({ retries: { baseMs: 10 } });

const page = await assay.get("/v1/grades/{kind}", { kind: "trader", limit: 3 });
const best: Grade | undefined = page.data[0];
assert.equal(typeof best?.grade, "string");

const symbols: string[] = [];
for await (const grade of assay.rows("/v1/grades/{kind}", { kind: "trader", limit: 40 })) {
  symbols.push(grade.symbol);
}
const sizes: number[] = [];
for await (const each of assay.pages("/v1/tokens", { limit: 40 })) sizes.push(each.data.length);

const refusal = await assay.get("/v1/tokens/{symbol}", { symbol: "NOPE/../x" }).then(
  () => assert.fail("an unknown token was answered"),
  (error: unknown) => error,
);
assert.ok(refusal instanceof AssayError);

// These must not compile: a path, a parameter and a member that there are not.
// @ts-expect-error
const wrongPath = () => assay.get("/v1/nothing");
// @ts-expect-error
const wrongParameter = () => assay.get("/v1/grades/{kind}", { kind: "trader", limits: 3 });
// @ts-expect-error
const wrongKind = () => assay.get("/v1/grades/{kind}", { kind: "traders" });
// @ts-expect-error
const noKind = () => assay.get("/v1/grades/{kind}");
// @ts-expect-error
const wrongMember = () => best?.gradee;
// @ts-expect-error
const notAList = () => assay.rows("/healthz");
void [wrongPath, wrongParameter, wrongKind, noKind, wrongMember, notAList];

console.log(
  JSON.stringify({ best, symbols, sizes, refused: [refusal.status, refusal.code, refusal.retryable] }),
);
