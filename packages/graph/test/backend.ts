import type { Backend } from "../src/index.js";

export const inBrowser = "document" in globalThis;

/** ONNX Runtime where the tests run: in Node, or in a browser on several threads. */
export const backend: Backend = inBrowser
  ? (await import("../src/runtime/web.js")).createWebBackend({ threads: 2 })
  : (await import("../src/runtime/node.js")).nodeBackend;
