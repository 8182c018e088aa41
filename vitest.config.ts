import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { nodeFlags } from "./packages/graph/src/runtime/node-flags.js";
import { hasChromium, launchOptions } from "./test/chromium.js";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests that read files or start processes. */
const NODE_ONLY = "**/*.node.test.ts";
/** Cross-origin isolation, which threads of WebAssembly need. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const node = {
  extends: true as const,
  test: {
    name: "node",
    include: [
      "packages/*/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    pool: "forks" as const,
    execArgv: [...nodeFlags],
  },
};

const chromium = {
  extends: true as const,
  optimizeDeps: { exclude: ["onnxruntime-web", "onnxruntime-node"] },
  server: { headers: ISOLATION },
  test: {
    name: "chromium",
    include: ["packages/graph/test/**/*.test.ts"],
    exclude: [NODE_ONLY],
    browser: {
      enabled: true,
      headless: true,
      provider: playwright({ launchOptions }),
      instances: [{ browser: "chromium" as const }],
      screenshotFailures: false,
    },
  },
};

export default defineConfig({
  resolve: {
    alias: {
      "@limbeck/graph/node": source("packages/graph/src/runtime/node.ts"),
      "@limbeck/graph/node-flags": source("packages/graph/src/runtime/node-flags.ts"),
      "@limbeck/graph/web": source("packages/graph/src/runtime/web.ts"),
      "@limbeck/graph": source("packages/graph/src/index.ts"),
    },
  },
  test: {
    projects: hasChromium ? [node, chromium] : [node],
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", source("test/tally-reporter.ts")],
  },
});
