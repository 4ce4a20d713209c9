import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const built = "dist";
const served = "../backend/runline/console";

/** Browsers that know `light-dark()`: it must not be rewritten, for the scheme is chosen at run time. */
const cssTarget = ["chrome123", "firefox120", "safari17.5"];

/** Compress each file once, here, and not for each visitor. Then all is put where it is served, never half of it. */
const completed: Plugin = {
  name: "completed",
  apply: "build",
  writeBundle() {
    const assets = join(built, "assets");
    for (const name of readdirSync(assets)) {
      const file = join(assets, name);
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
    }
    mkdirSync(dirname(served), { recursive: true });
    rmSync(served, { recursive: true, force: true });
    renameSync(built, served);
  },
};

// Relative addresses: the gateway says in <base> where it serves the console.
export default defineConfig({
  base: "./",
  plugins: [react(), completed],
  resolve: { alias: { "@": join(import.meta.dirname, "src") } },
  build: { outDir: built, target: "es2022", cssTarget, modulePreload: { polyfill: false } },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});
