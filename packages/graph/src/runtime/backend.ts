import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { ExecutionProvider } from "../provider.js";

/** A value of ONNX Runtime: numbers with a type and a shape. */
export type RuntimeTensor = Tensor;

export interface SessionOptions {
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
   * Whether threads spin while they wait. Where nothing else runs on the machine it gains about 5 %; where anything does,
   * it costs up to twice the time. Default `false`. Browsers decide for themselves.
   */
  readonly spin?: boolean;
}

/** One build of ONNX Runtime: native in Node, WebAssembly or WebGPU in a browser. */
export interface Backend {
  readonly name: string;
  /** Execution providers that work on this machine, found by trying them once; `cpu` always does. */
  providers(): Promise<readonly ExecutionProvider[]>;
  /** @throws GraphError PROVIDER_MISSING where the machine lacks `options.provider` */
  createSession(model: Uint8Array, options?: SessionOptions): Promise<InferenceSession>;
  tensor(dtype: Tensor.Type, data: Tensor.DataType, shape: readonly number[]): RuntimeTensor;
}
