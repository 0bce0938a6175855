/** The examples: what docs/api.md, docs/client.md and docs/tokenmetrics.md show, for this server and key. */

export interface Example {
  name: string;
  title: string;
  /** What it does and what it needs, in a sentence. */
  note: string;
  text: string;
}

export const PLACEHOLDER = "YOUR_API_KEY";

/** `key` is "" on an open server, which asks for none. */
export function writeExamples(host: string, key: string): Example[] {
  const header = key && ` -H 'x-api-key: ${key}'`;
  const setKey = key && `, key="${key}"`;
  const stream = host.replace(/^http/, "ws");
  return [
    {
      name: "curl",
      title: "curl",
      note: "The five best Trader Grades of the newest day.",
      text: `curl -s${header} '${host}/v1/grades/trader?limit=5'`,
    },
    {
      name: "python",
      title: "Python",
      note: "The client that comes with Assay: paging, retries, errors, data frames.",
      text: `from assay.client import Client

with Client("${host}"${setKey}) as assay:
    page = assay.list_grades("trader", limit=5).page()
    print(page.as_of, page.origin)
    for row in page.data:
        print(row.symbol, row.grade, row.label)`,
    },
    {
      name: "typescript",
      title: "TypeScript",
      note: "The typed client of clients/typescript, for Node and browsers; decimals stay strings.",
      text: `import { Assay } from "assay-client";

const assay = new Assay({ url: "${host}"${key && `, key: "${key}"`} });
const page = await assay.get("/v1/grades/{kind}", { kind: "trader", limit: 5 });
for (const row of page.data) console.log(row.symbol, row.grade, row.label);`,
    },
    {
      name: "websocket",
      title: "WebSocket",
      note: "What changes, as it changes: here new grades. Also prices, candles, order books, signals, indices and your alerts. Needs websockets (PyPI).",
      text: `import json

from websockets.sync.client import connect

with connect("${stream}/v1/stream"${key && `, additional_headers={"x-api-key": "${key}"}`}) as stream:
    stream.send(json.dumps({"type": "subscribe", "channel": "grades"}))
    for text in stream:
        message = json.loads(text)
        print(message["type"], message.get("rows") or message.get("data") or "")`,
    },
    {
      name: "cli",
      title: "Command line",
      note: "On the machine of the server itself: it reads the home folder (ASSAY_HOME) and needs no key.",
      text: `assay grades --kind trader --top 5`,
    },
    {
      name: "tokenmetrics",
      title: "Token Metrics client",
      note: "Their own Python client (tmai-api on PyPI), pointed here. Compatible with, not affiliated with, Token Metrics.",
      text: `from tmai_api import TokenMetricsClient

TokenMetricsClient.BASE_URL = "${host}/tokenmetrics/v2"
client = TokenMetricsClient(api_key="${key || "local"}")
print(client.trader_grades.get_dataframe(symbol="BTC,ETH"))`,
    },
    {
      name: "arrow",
      title: "Data frame",
      note: "Every grade of a day as Arrow, read by polars with nothing else.",
      text: `import io
from urllib.request import Request, urlopen

import polars as pl

asked = Request("${host}/v1/grades/trader?format=arrow"${key && `, headers={"x-api-key": "${key}"}`})
with urlopen(asked) as answer:
    frame = pl.read_ipc_stream(io.BytesIO(answer.read()))
print(frame.select("symbol", "grade", "probability").head())`,
    },
  ];
}
