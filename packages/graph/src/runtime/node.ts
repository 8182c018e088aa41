import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Backend } from "./backend.js";

const ERRORS_ONLY = 3;

/** ONNX Runtime in Node, on the CPU. */
export const nodeBackend: Backend = {
  name: "onnxruntime-node",
  createSession: (model, options = {}) =>
    InferenceSession.create(model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.threads ?? availableParallelism(),
      interOpNumThreads: 1,
      logSeverityLevel: ERRORS_ONLY,
      ...(options.spin ? {} : { extra: { session: { intra_op: { allow_spinning: "0" } } } }),
    }),
  tensor: (dtype, data, shape) => new Tensor(dtype, data, shape),
};
