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

/** Tests that start processes or stand in for modules: each file by itself. The others share what they have imported. */
const APART = [
  "packages/limbeck/test/{cli,export,quantize,runs}/**/*.test.ts",
  "packages/limbeck/test/imported/fetch-model.test.ts",
  "bench/test/**/*.test.ts",
  "examples/*/test/**/*.test.ts",
  "test/**/*.test.ts",
];

const node = {
  name: "node",
  include: APART,
  pool: "forks" as const,
  execArgv: [...nodeFlags],
};

const projects = [
  { extends: true as const, test: node },
  {
    extends: true as const,
    test: { ...node, name: "units", include: ["packages/*/test/**/*.test.ts"], exclude: APART, isolate: false },
  },
];

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
    globalSetup: source("test/temporary-folder.ts"),
    projects: hasChromium ? [...projects, chromium] : projects,
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["default", source("test/tally-reporter.ts")],
  },
});
