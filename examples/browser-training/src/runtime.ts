import type { Backend } from "@limbeck/graph";
import { createWebBackend } from "@limbeck/graph/web";

/** Threads of WebAssembly: browsers give several to pages that are cross-origin isolated. */
export const threads: number = crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;

export const backend: Backend = createWebBackend({ threads });
