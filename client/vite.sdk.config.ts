/** The SDK as a package of its own: a module for bundlers, and one script for pages without any. All it needs is inside. */

import { defineConfig } from "vite";

export default defineConfig({
  publicDir: false,
  build: {
    outDir: "sdk/dist",
    emptyOutDir: true,
    target: "es2022",
    lib: {
      entry: "src/sdk/index.ts",
      name: "Invigil",
      formats: ["es", "iife"],
      fileName: (format) => (format === "es" ? "index.js" : "invigil.js"),
    },
  },
});
