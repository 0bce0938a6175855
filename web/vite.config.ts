import { readdirSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const OUT = "../src/assay/api/assets/app";

/** The server answers with the app for these first segments of a path: one folder is one page. */
function listPages(): Plugin {
  return {
    name: "list-pages",
    generateBundle() {
      const pages = readdirSync("src/pages").sort();
      this.emitFile({ type: "asset", fileName: "pages.json", source: JSON.stringify(pages) + "\n" });
    },
  };
}

const API = process.env.ASSAY_URL ?? "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/app/" : "/",
  plugins: [svelte(), listPages()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsDir: "",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/log", "/readyz", "/assets", "/.well-known"].map((path) => [path, { target: API, ws: true, changeOrigin: true, rewriteWsOrigin: true }]),
    ),
  },
}));
