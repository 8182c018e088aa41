import { availableParallelism } from "node:os";
import { InferenceSession, listSupportedBackends, Tensor } from "onnxruntime-node";
import { toBlockedLayout } from "../blocked/transform.js";
import type { ExecutionProvider } from "../provider.js";
import { type Backend, externalData, type SessionOptions } from "./backend.js";
import { channelBlock } from "./channel-block.js";
import { missingProvider, workingProviders } from "./working-providers.js";

const ERRORS_ONLY = 3;
const NOTHING = 4;

/** Short enough not to hurt what else runs, long enough for the gaps between operators. */
const SPIN_MICROSECONDS = 100;

function threading({ spinMicroseconds = SPIN_MICROSECONDS }: SessionOptions): Record<string, string> {
  return spinMicroseconds > 0
    ? { allow_spinning: "1", spin_duration_us: String(spinMicroseconds) }
    : { allow_spinning: "0" };
}

let block: Promise<number | undefined> | undefined;

let found: Promise<readonly ExecutionProvider[]> | undefined;

/** ONNX Runtime in Node. */
export const nodeBackend: Backend = {
  name: "onnxruntime-node",
  lower: async (graph) => {
    if (graph.provider !== "cpu") return graph;
    block ??= channelBlock(nodeBackend);
    const channels = await block;
    return channels ? toBlockedLayout(graph, channels) : graph;
  },
  providers: () => {
    const builtIn = listSupportedBackends().map(({ name }) => name);
    found ??= workingProviders(builtIn, (model, provider) => open(model, provider, { threads: 1 }, NOTHING));
    return found;
  },
  createSession: async (model, options = {}) => {
    const { provider = "cpu" } = options;
    try {
      return await open(model, provider, options);
    } catch (error) {
      if (provider === "cpu") throw error;
      const working = await nodeBackend.providers();
      throw working.includes(provider) ? error : missingProvider(provider, working, error);
    }
  },
  tensor: (dtype, data, shape) => new Tensor(dtype, data, shape),
};

function open(
  model: Uint8Array,
  provider: ExecutionProvider,
  options: SessionOptions,
  logSeverityLevel: 3 | 4 = ERRORS_ONLY,
): Promise<InferenceSession> {
  return InferenceSession.create(model, {
    executionProviders: [provider],
    externalData: externalData(options),
    intraOpNumThreads: options.threads ?? availableParallelism(),
    interOpNumThreads: 1,
    // Buffers planned ahead take half as much memory again, and gain no time.
    enableMemPattern: false,
    logSeverityLevel,
    extra: { session: { intra_op: threading(options) } },
  });
}
