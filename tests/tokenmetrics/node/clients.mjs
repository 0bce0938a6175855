// What the official JavaScript clients do with the answers, in their language: typeof, toFixed,
// chunks of 30 days, pages counted from 0 or from 1. Prints one line a check; exits with 1 if any
// of them throws. Written from how the clients behave; none of their code is in it.
import assert from "node:assert/strict";
import https from "node:https";

const HOST = "https://api.tokenmetrics.com/v2";
const OLD_ERA = { accept: "application/json", api_key: "local" };
const NEW_ERA = { accept: "application/json", "x-api-key": "local", "x-integration": "node" };
const DAYS = { startDate: "2023-10-01", endDate: "2023-12-29" };

async function get(path, params = {}, headers = NEW_ERA) {
  const response = await fetch(`${HOST}/${path}?${new URLSearchParams(params)}`, { headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  const body = await response.json();
  assert.equal(typeof body, "object");
  assert.ok(!Array.isArray(body));
  return body;
}

function chunk({ startDate, endDate }, days = 29) {
  const chunks = [];
  for (let start = new Date(startDate), end = new Date(endDate); start < end; ) {
    const stop = new Date(Math.min(+start + days * 864e5, +end));
    chunks.push([start, stop].map((moment) => moment.toISOString().split("T")[0]));
    start = new Date(+stop + 864e5);
  }
  return chunks;
}

// The JavaScript SDK: limit 1000, pages from 0 until one is not full.
async function pages(path, params, limit) {
  const rows = [];
  for (const [startDate, endDate] of chunk(params)) {
    for (let page = 0; ; page += 1) {
      const { data } = await get(path, { ...params, startDate, endDate, limit, page }, OLD_ERA);
      rows.push(...data);
      if (data.length < limit) break;
    }
  }
  return rows;
}

const checks = {
  async "JavaScript SDK: pages from 0 bring every row once"() {
    for (const limit of [7, 1000]) {
      const rows = await pages("daily-ohlcv", { symbol: "BTC,ETH", ...DAYS }, limit);
      assert.equal(rows.length, 180);
      assert.equal(new Set(rows.map((row) => `${row.TOKEN_ID} ${row.DATE}`)).size, 180);
    }
  },
  async "TypeScript SDK: limit 50, page 1, and the page after it"() {
    const [first, second] = await Promise.all(
      [1, 2].map((page) => get("daily-ohlcv", { symbol: "BTC", limit: 50, page })),
    );
    assert.equal(first.data.length, 50);
    assert.ok(first.data.at(-1).DATE > second.data[0].DATE);
  },
  async "JavaScript SDK: the index paths go on with the id of a portfolio"() {
    const { data } = await get("investor-indices", { limit: 1000, page: 0 }, OLD_ERA);
    const index_id = data[0].INDEX_ID;
    assert.ok(index_id);
    for (const path of ["index-holdings", "sector-indices-holdings", "indices-transaction"]) {
      assert.notEqual((await get(path, { index_id }, OLD_ERA)).data, undefined);
    }
  },
  async "chainlink: numbers are numbers, texts are texts"() {
    const one = async (path) => (await get(path, { token_id: 3375, limit: 1, page: 1 })).data[0];
    assert.equal(typeof (await one("price")).CURRENT_PRICE, "number");
    assert.equal(typeof (await one("daily-ohlcv")).OPEN, "number");
    assert.equal(typeof (await one("trader-grades")).TM_TRADER_GRADE, "number");
    assert.equal(typeof (await one("investor-grades")).TM_INVESTOR_GRADE, "number");
    assert.equal(typeof (await one("hourly-trading-signals")).SIGNAL, "string");
    assert.equal(typeof (await one("ai-reports")).INVESTMENT_ANALYSIS, "string");
    assert.equal(typeof (await one("trading-signals")).TRADING_SIGNAL.toString(), "string");
    const levels = (await one("resistance-support")).HISTORICAL_RESISTANCE_SUPPORT_LEVELS;
    assert.equal(typeof levels[0].level, "number");
    const scenarios = (await one("scenario-analysis")).SCENARIO_PREDICTION.scenario_prediction;
    assert.equal(typeof scenarios[0].predicted_price_moon, "number");
    assert.ok((await one("correlation")).TOP_CORRELATION[0].token);
  },
  async "virtuals: toFixed of whatever is there"() {
    for (const index of (await get("indices")).data) {
      for (const name of ["24H", "1M"]) {
        if (index[name] !== undefined) assert.match(index[name].toFixed(2), /^-?\d+\.\d\d$/);
      }
      assert.equal(index.TICKER.substring(0, 14).padEnd(15).length, 15);
    }
    for (const held of (await get("indices-holdings", { id: 1 })).data) {
      assert.match(`${(held.WEIGHT * 100).toFixed(2)}%`, /%$/);
    }
  },
  async "ElizaOS: a name finds its token, the first row is the latest"() {
    const token = (await get("tokens", { token_name: "Bitcoin", limit: 5 })).data[0];
    assert.equal(token.TOKEN_SYMBOL, "BTC");
    for (const { SIGNAL, TRADING_SIGNAL } of (
      await get("hourly-trading-signals", { token_id: token.TOKEN_ID, limit: 20, page: 1 })
    ).data) {
      assert.equal(parseInt(SIGNAL), TRADING_SIGNAL);
    }
    const { data } = await get("tm-grade-history", { token_id: token.TOKEN_ID, page: 1 });
    assert.ok(data.every((row) => row.DATE <= data[0].DATE));
    assert.ok(parseFloat(data[0].TM_GRADE) > 0);
    for (const figures of (await get("quantmetrics", { symbol: "BTC" })).data) {
      assert.match(`${figures.VOLATILITY.toFixed(2)}%`, /^\d/);
    }
  },
  async "MCP: what axios asks by node:https comes here too"() {
    const { host: hostname, pathname, search } = new URL(`${HOST}/price?token_id=3375`);
    const path = pathname + search;
    const text = await new Promise((resolve, reject) => {
      const take = (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () => resolve(Buffer.concat(parts).toString()));
      };
      const asked = https.request({ protocol: "https:", hostname, path, headers: NEW_ERA }, take);
      asked.on("error", reject).end();
    });
    assert.equal(typeof JSON.parse(text).data[0].CURRENT_PRICE, "number");
  },
  async "errors: status and message where the SDKs look"() {
    const response = await fetch(`${HOST}/tokens?limit=0`, { headers: NEW_ERA });
    const { success, message, detail } = await response.json();
    assert.deepEqual([response.status, success], [400, false]);
    assert.ok(message && detail);
  },
  async "tmai: the answer stands in both places"() {
    const response = await fetch(`${HOST}/tmai`, {
      method: "POST",
      headers: { ...NEW_ERA, "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ user: "What is the price of Bitcoin?" }] }),
    });
    const body = await response.json();
    assert.equal(body.success, true);
    assert.ok(body.answer.includes("Price:"));
    assert.equal(body.data.answer, body.answer);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${name}: ${error.stack}`);
  }
}
process.exitCode = failed ? 1 : 0;
