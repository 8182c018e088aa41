import { createGraph, forInference, type Graph, type GraphCost, graphCost, sizeOf, toOnnx } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { declareTensors, type Model, type ModelValues, tensorsOf } from "./model.js";

/** Names of an exported classifier's input [batch, C, H, W], values 0 … 1, and output [batch, classes]. */
export const INPUT = "images";
export const OUTPUT = "logits";

const SYMBOLS = { [INPUT]: { 0: "batch" }, [OUTPUT]: { 0: "batch" } };

function inferenceGraph(model: Model, { channels, height, width }: ImageGeometry): Graph {
  const graph = createGraph();
  const images = graph.input(INPUT, "float32", [1, channels, height, width]);
  graph.output(OUTPUT, model.forward(images, declareTensors(model, graph), false).logits);
  return graph;
}

/** A model with its numbers as an ONNX file with a symbolic batch dimension. Batch normalization is folded where it can be. */
export function toOnnxModel(
  model: Model,
  geometry: ImageGeometry,
  values: ModelValues,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const deployed = model.deployed?.(values) ?? { model, values };
  const graph = forInference(inferenceGraph(deployed.model, geometry), { parameters: deployed.values });
  return toOnnx(graph, { name: model.family, symbols: SYMBOLS, metadata });
}

/** The same as a file whose parameters and buffers are inputs, for measuring a model while it trains. */
export function toOnnxForward(model: Model, geometry: ImageGeometry): Uint8Array {
  return toOnnx(inferenceGraph(model, geometry), { name: model.family, symbols: SYMBOLS });
}

/** What one image costs the exported model. */
export function modelCost(model: Model, geometry: ImageGeometry): GraphCost {
  const zeros = Object.fromEntries(tensorsOf(model).map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
  const deployed = model.deployed?.(zeros) ?? { model, values: zeros };
  const graph = inferenceGraph(deployed.model, geometry);
  // Layers whose weights are all zero would be taken for one.
  return graphCost(forInference(graph, { parameters: deployed.values, mergeCommon: false }));
}
