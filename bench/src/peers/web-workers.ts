/**
 * Gives Node the browser's `Worker`, as far as jax-js needs it to spread its kernels over threads: without a global
 * `Worker` it runs in one thread. Import this before jax-js.
 */
import { resolveObjectURL } from "node:buffer";
import { availableParallelism } from "node:os";
import { Worker as NodeWorker } from "node:worker_threads";

/** Makes a worker thread look like a web worker to the script that follows. */
const PRELUDE = `
import { parentPort } from "node:worker_threads";
globalThis.self = globalThis;
globalThis.postMessage = (data) => parentPort.postMessage(data);
parentPort.on("message", (data) => self.onmessage({ data }));
`;

class WebWorker {
  onmessage: ((event: { data: unknown }) => void) | undefined;
  onerror: ((error: Error) => void) | undefined;
  readonly #worker: Promise<NodeWorker>;

  /** @param url of a `Blob` with the script, which Node's own workers do not take */
  constructor(url: string) {
    this.#worker = resolveObjectURL(url)!
      .text()
      .then((script) => this.#start(script));
  }

  postMessage(data: unknown): void {
    void this.#worker.then((worker) => worker.postMessage(data));
  }

  #start(script: string): NodeWorker {
    const worker = new NodeWorker(new URL(`data:text/javascript,${encodeURIComponent(PRELUDE + script)}`));
    worker.unref();
    worker.on("message", (data) => this.onmessage?.({ data }));
    worker.on("error", (error) => this.onerror?.(error as Error));
    return worker;
  }
}

Object.defineProperty(globalThis, "Worker", { value: WebWorker });
Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: availableParallelism() } });
