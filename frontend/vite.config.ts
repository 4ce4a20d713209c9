import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const outDir = "../backend/runline/console";

/** Browsers that know `light-dark()`: it must not be rewritten, for the scheme is chosen at run time. */
const cssTarget = ["chrome123", "firefox120", "safari17.5"];

/** Compress each file once, here, and not for each visitor. */
const compressed: Plugin = {
  name: "compressed",
  apply: "build",
  closeBundle() {
    const assets = join(outDir, "assets");
    for (const name of readdirSync(assets)) {
      const file = join(assets, name);
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
    }
  },
};

// Relative addresses: the gateway says in <base> where it serves the console.
export default defineConfig({
  base: "./",
  plugins: [react(), compressed],
  resolve: { alias: { "@": join(import.meta.dirname, "src") } },
  build: { outDir, emptyOutDir: true, target: "es2022", cssTarget, modulePreload: { polyfill: false } },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
