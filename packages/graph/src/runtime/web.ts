import { type Env, type InferenceSession, Tensor } from "onnxruntime-common";
import type { ExecutionProvider } from "../provider.js";
import { type Backend, externalData, type SessionOptions } from "./backend.js";
import { missingProvider } from "./working-providers.js";

/** Options of all sessions of a page or worker: ONNX Runtime reads them once, before the first session. */
export interface WebOptions {
  /**
   * Threads that sessions share. Default: what the processor has, at most 4. Always 1 where the page is not cross-origin
   * isolated.
   */
  readonly threads?: number;
  /**
   * Where ONNX Runtime's `.wasm` files lie: a folder's address, or the address of each. Default: beside the code, which
   * is where bundlers put them.
   */
  readonly wasmPaths?: Env.WasmPrefixOrFilePaths;
}

/** What is used of a browser; also there in its workers. */
interface BrowserGlobals {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: {
    readonly hardwareConcurrency?: number;
    readonly gpu?: { requestAdapter(): Promise<object | null> };
  };
}

type Build = typeof import("onnxruntime-web/wasm");

const ERRORS_ONLY = 3;
/** Beyond these, WebAssembly gains little and every thread costs memory. */
const MOST_THREADS = 4;

/**
 * ONNX Runtime in a browser, on the page or in a worker. WebAssembly runs on several threads where the page is
 * cross-origin isolated, otherwise on one; WebGPU is a provider where the browser has it. Only the build that is used
 * is loaded.
 */
export function createWebBackend(options: WebOptions = {}): Backend {
  return {
    name: "onnxruntime-web",
    providers,
    createSession: async (model, sessionOptions = {}) => {
      const { provider = "cpu" } = sessionOptions;
      if (provider !== "cpu") await requireProvider(provider);
      const build = await load(provider);
      build.env.wasm.numThreads = threadsOf(options);
      if (options.wasmPaths !== undefined) build.env.wasm.wasmPaths = options.wasmPaths;
      return open(build, model, provider, sessionOptions);
    },
    tensor: (dtype, data, shape) => new Tensor(dtype, data, shape),
  };
}

/** {@link createWebBackend} with its defaults. */
export const webBackend: Backend = createWebBackend();

function load(provider: ExecutionProvider): Promise<Build> {
  return provider === "webgpu" ? import("onnxruntime-web/webgpu") : import("onnxruntime-web/wasm");
}

function open(
  build: Build,
  model: Uint8Array,
  provider: ExecutionProvider,
  options: SessionOptions,
): Promise<InferenceSession> {
  return build.InferenceSession.create(model, {
    externalData: externalData(options),
    executionProviders: [provider === "cpu" ? "wasm" : provider],
    logSeverityLevel: ERRORS_ONLY,
  });
}

async function providers(): Promise<readonly ExecutionProvider[]> {
  const adapter = await (globalThis as BrowserGlobals).navigator?.gpu?.requestAdapter();
  return adapter ? ["cpu", "webgpu"] : ["cpu"];
}

async function requireProvider(provider: ExecutionProvider): Promise<void> {
  const working = await providers();
  if (!working.includes(provider)) throw missingProvider(provider, working);
}

function threadsOf({ threads }: WebOptions): number {
  const { crossOriginIsolated, navigator } = globalThis as BrowserGlobals;
  if (!crossOriginIsolated) return 1;
  return threads ?? Math.min(MOST_THREADS, navigator?.hardwareConcurrency ?? 1);
}
