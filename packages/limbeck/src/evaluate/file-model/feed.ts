import { createGraph, type RuntimeTensor, toFloat16, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { type ImageGeometry, sampleLength } from "../../data/dataset.js";
import { preprocess } from "../../teachers/onnx/preprocess.js";
import { type FileModelOptions, type SampleInput, subjectOf } from "./interface.js";

/** Turns samples [count, C, H, W] into what a model takes. */
export interface Feeder {
  tensor(samples: Float32Array, count: number): Promise<RuntimeTensor>;
  release(): Promise<void>;
}

/** Images go through the graph that teachers' images go through, so that both see the same. */
export async function feederOf(
  input: SampleInput,
  options: FileModelOptions,
  samples: ImageGeometry,
  name: string,
): Promise<Feeder> {
  const prepared = preparation(input, options, samples, name);
  const session = prepared && (await nodeBackend.createSession(prepared, { threads: 1 }));
  const { channels, height, width } = samples;
  const length = sampleLength(samples);
  const asTensor = (values: Float32Array, count: number) =>
    nodeBackend.tensor(input.dtype, numbersAs(input.dtype, values), [count, ...input.shape]);
  return {
    tensor: async (values, count) => {
      const given = values.subarray(0, count * length);
      if (!session) return asTensor(given, count);
      const { ready } = await session.run({
        samples: nodeBackend.tensor("float32", given, [count, channels, height, width]),
      });
      return input.dtype === "uint8" ? ready! : asTensor(ready!.data as Float32Array, count);
    },
    release: async () => session?.release(),
  };
}

function numbersAs(dtype: SampleInput["dtype"], values: Float32Array) {
  if (dtype === "float16") return toFloat16(values);
  if (dtype === "int32") return Int32Array.from(values, Math.round);
  if (dtype === "int64") return BigInt64Array.from(values, (value) => BigInt(Math.round(value)));
  return dtype === "uint8" ? Uint8Array.from(values) : values;
}

/** The graph that prepares images, as a file; nothing where they are taken as they are. */
function preparation(
  { image }: SampleInput,
  options: FileModelOptions,
  { channels, height, width }: ImageGeometry,
  name: string,
): Uint8Array | undefined {
  if (!image) return undefined;
  const graph = createGraph();
  const samples = graph.input("samples", "float32", [1, channels, height, width]);
  const ready = preprocess(samples, image, options, subjectOf(name));
  if (ready === samples) return undefined;
  graph.output("ready", ready);
  return toOnnx(graph, { symbols: { samples: { 0: "batch" }, ready: { 0: "batch" } } });
}
