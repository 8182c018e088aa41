import type { InferenceSession, Tensor } from "onnxruntime-common";

/** A value of ONNX Runtime: numbers with a type and a shape. */
export type RuntimeTensor = Tensor;

export interface SessionOptions {
  /** Threads of one operator. Default: all that are available. */
  readonly threads?: number;
  /**
   * Whether threads spin while they wait. Where nothing else runs on the machine it gains about 5 %; where anything does,
   * it costs up to twice the time. Default `false`.
   */
  readonly spin?: boolean;
}

/** One build of ONNX Runtime: native in Node, WebAssembly or WebGPU in a browser. */
export interface Backend {
  readonly name: string;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<InferenceSession>;
  tensor(dtype: Tensor.Type, data: Tensor.DataType, shape: readonly number[]): RuntimeTensor;
}
