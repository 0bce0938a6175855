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

export default defineConfig({
  base: "/app/",
  plugins: [svelte(), listPages()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    assetsDir: "",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8700", "/readyz": "http://127.0.0.1:8700" } },
});
