import { availableParallelism } from "node:os";
import { measureInNode } from "../process/node.js";
import { Unavailable } from "../process/trainer.js";
import { packageVersion } from "../process/version.js";
import type { Peer } from "../row.js";

export type Jax = typeof import("@jax-js/jax");

const webWorkers = new URL("./web-workers.js", import.meta.url);

/**
 * jax-js as it runs in Node, which is in one thread, and with the browser's workers put in its reach.
 * @param module exports what a `TrainerModule` does
 */
export function jaxJs(module: URL): Peer[] {
  return [
    { name: "jax-js", measure: (task) => measureInNode(module, task) },
    { name: "jax-js-workers", measure: (task) => measureInNode(module, task, webWorkers) },
  ];
}

/**
 * Loads jax-js; its default device is WebAssembly.
 * @throws Unavailable
 */
export async function loadJax(): Promise<Jax> {
  try {
    const jax = await import("@jax-js/jax");
    jax.defaultDevice("wasm");
    return jax;
  } catch (error) {
    throw new Unavailable(`jax-js does not load: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What a figure of jax-js was measured with. */
export function aboutJax(): string {
  const workers = "Worker" in globalThis ? `${availableParallelism()} web workers by a shim` : "1 thread";
  return `@jax-js/jax ${packageVersion("@jax-js/jax", import.meta.url)}, wasm, ${workers}`;
}
