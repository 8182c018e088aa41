import { createGraph } from "../create.js";
import { GraphError } from "../errors.js";
import { toOnnx } from "../onnx/encode.js";
import { neg } from "../ops/build.js";
import { EXECUTION_PROVIDERS, type ExecutionProvider } from "../provider.js";

export function missingProvider(
  provider: ExecutionProvider,
  working: readonly ExecutionProvider[],
  cause?: unknown,
): GraphError {
  return new GraphError("PROVIDER_MISSING", `this machine cannot run on ${provider}; it has ${working.join(", ")}`, {
    value: provider,
    fix: `Choose ${working.join(" or ")}, or install what ${provider} needs.`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The processor, and those of the built-in providers on which a smallest model loads: being built in is not enough. */
export async function workingProviders(
  builtIn: readonly string[],
  open: (model: Uint8Array, provider: ExecutionProvider) => Promise<{ release(): Promise<void> }>,
): Promise<readonly ExecutionProvider[]> {
  const model = smallestModel();
  const working: ExecutionProvider[] = ["cpu"];
  for (const provider of EXECUTION_PROVIDERS.slice(1)) {
    if (!builtIn.includes(provider)) continue;
    try {
      await (await open(model, provider)).release();
      working.push(provider);
    } catch {
      // Whatever it lacks, it does not work here.
    }
  }
  return working;
}

function smallestModel(): Uint8Array {
  const graph = createGraph();
  graph.output("y", neg(graph.input("x", "float32", [1])));
  return toOnnx(graph);
}
