import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { toBlockedLayout } from "../blocked/transform.js";
import type { Backend, SessionOptions } from "./backend.js";
import { channelBlock } from "./channel-block.js";

const ERRORS_ONLY = 3;

/** Short enough not to hurt what else runs, long enough for the gaps between operators. */
const SPIN_MICROSECONDS = 100;

function threading({ spinMicroseconds = SPIN_MICROSECONDS }: SessionOptions): Record<string, string> {
  return spinMicroseconds > 0
    ? { allow_spinning: "1", spin_duration_us: String(spinMicroseconds) }
    : { allow_spinning: "0" };
}

let block: Promise<number | undefined> | undefined;

/** ONNX Runtime in Node, on the CPU. */
export const nodeBackend: Backend = {
  name: "onnxruntime-node",
  lower: async (graph) => {
    block ??= channelBlock(nodeBackend);
    const channels = await block;
    return channels ? toBlockedLayout(graph, channels) : graph;
  },
  createSession: (model, options = {}) =>
    InferenceSession.create(model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.threads ?? availableParallelism(),
      interOpNumThreads: 1,
      // Buffers planned ahead take half as much memory again, and gain no time.
      enableMemPattern: false,
      logSeverityLevel: ERRORS_ONLY,
      extra: { session: { intra_op: threading(options) } },
    }),
  tensor: (dtype, data, shape) => new Tensor(dtype, data, shape),
};
