import { availableParallelism } from "node:os";
import { InferenceSession, listSupportedBackends, Tensor } from "onnxruntime-node";
import type { ExecutionProvider } from "../provider.js";
import type { Backend, SessionOptions } from "./backend.js";
import { missingProvider, workingProviders } from "./working-providers.js";

const ERRORS_ONLY = 3;
const NOTHING = 4;

let found: Promise<readonly ExecutionProvider[]> | undefined;

/** ONNX Runtime in Node. */
export const nodeBackend: Backend = {
  name: "onnxruntime-node",
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
    intraOpNumThreads: options.threads ?? availableParallelism(),
    interOpNumThreads: 1,
    logSeverityLevel,
    ...(options.spin ? {} : { extra: { session: { intra_op: { allow_spinning: "0" } } } }),
  });
}
