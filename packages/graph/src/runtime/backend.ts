import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { Graph } from "../graph.js";
import type { ExecutionProvider } from "../provider.js";

/** A value of ONNX Runtime: numbers with a type and a shape. */
export type RuntimeTensor = Tensor;

export interface SessionOptions {
  /** What the model's external data name, by location. They are read while the session is created. Default: nothing. */
  readonly weights?: ReadonlyMap<string, Uint8Array>;
  /**
   * Where operators run; those that a provider has no kernel for run on the processor. Default `cpu`.
   * `backend.providers()` lists what the machine has.
   */
  readonly provider?: ExecutionProvider;
  /**
   * Threads of one operator. Default: all that are available. In a browser, sessions share the threads that
   * `createWebBackend` was given, whatever stands here.
   */
  readonly threads?: number;
  /**
   * Microseconds for which a thread that has nothing to do stays awake. Steps consist of hundreds of short operators, so
   * that threads which sleep at once lose up to a fifth of the time; those that wait for long take it from whatever else
   * runs on the machine. Default 100; 0 sends them to sleep at once. Browsers decide for
   * themselves.
   */
  readonly spinMicroseconds?: number;
}

/** One build of ONNX Runtime: native in Node, WebAssembly or WebGPU in a browser. */
export interface Backend {
  readonly name: string;
  /** Rewrites a finished graph into what this build of ONNX Runtime runs fastest. Inputs and outputs keep names and shapes. */
  lower?(graph: Graph): Promise<Graph>;
  /** Execution providers that work on this machine, found by trying them once; `cpu` always does. */
  providers(): Promise<readonly ExecutionProvider[]>;
  /** @throws GraphError PROVIDER_MISSING where the machine lacks `options.provider` */
  createSession(model: Uint8Array, options?: SessionOptions): Promise<InferenceSession>;
  tensor(dtype: Tensor.Type, data: Tensor.DataType, shape: readonly number[]): RuntimeTensor;
}

/** The weights of a session as ONNX Runtime takes them. */
export function externalData({ weights = new Map() }: SessionOptions): { path: string; data: Uint8Array }[] {
  return [...weights].map(([path, data]) => ({ path, data }));
}
