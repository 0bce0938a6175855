// Preloaded into a client whose address is written into it: sends what it asks of Token Metrics here,
// be it by fetch (ElizaOS) or by node:https with an object of options (axios, so the MCP server).
const http = require("node:http");
const https = require("node:https");

const HOST = "api.tokenmetrics.com";
const base = process.env.ASSAY_V2;
const { hostname, port, pathname } = new URL(base);
const { fetch: realFetch } = globalThis;
const { request: realRequest } = https;

globalThis.fetch = (input, options) => {
  const url = new URL(typeof input === "string" ? input : (input.url ?? input));
  if (url.host !== HOST) return realFetch(input, options);
  return realFetch(base + url.pathname.replace(/^\/v2/, "") + url.search, options);
};

https.request = (options, ...rest) => {
  if ((options.hostname ?? options.host) !== HOST || options instanceof URL) {
    return realRequest(options, ...rest);
  }
  const path = pathname + options.path.replace(/^\/v2/, "");
  const here = { protocol: "http:", hostname, host: hostname, port, path, agent: undefined };
  return http.request({ ...options, ...here }, ...rest);
};
