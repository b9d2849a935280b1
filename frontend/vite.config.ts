import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The built files are static and travel inside the Python wheel: relative paths, no content from elsewhere.
export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: { outDir: "../src/marrowmap/web/static", emptyOutDir: true, target: "es2022", sourcemap: false },
  server: { proxy: { "/api": "http://127.0.0.1:8737" } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
