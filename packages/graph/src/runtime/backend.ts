import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { Graph } from "../graph.js";

/** A value of ONNX Runtime: numbers with a type and a shape. */
export type RuntimeTensor = Tensor;

export interface SessionOptions {
  /** Threads of one operator. Default: all that are available. */
  readonly threads?: number;
  /**
   * Microseconds for which a thread that has nothing to do stays awake. Steps consist of hundreds of short operators, so
   * that threads which sleep at once lose up to a fifth of the time; those that wait for long take it from whatever else
   * runs on the machine. Default 100; 0 sends them to sleep at once.
   */
  readonly spinMicroseconds?: number;
}

/** One build of ONNX Runtime: native in Node, WebAssembly or WebGPU in a browser. */
export interface Backend {
  readonly name: string;
  /** Rewrites a finished graph into what this build of ONNX Runtime runs fastest. Inputs and outputs keep names and shapes. */
  lower?(graph: Graph): Promise<Graph>;
  createSession(model: Uint8Array, options?: SessionOptions): Promise<InferenceSession>;
  tensor(dtype: Tensor.Type, data: Tensor.DataType, shape: readonly number[]): RuntimeTensor;
}
