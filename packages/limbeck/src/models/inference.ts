import { createGraph, forInference, type Graph, toOnnx } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { declareParameters, type Model } from "./model.js";

/** Names of an exported classifier's input [batch, C, H, W], values 0 … 1, and output [batch, classes]. */
export const INPUT = "images";
export const OUTPUT = "logits";

const SYMBOLS = { [INPUT]: { 0: "batch" }, [OUTPUT]: { 0: "batch" } };

function inferenceGraph(model: Model, { channels, height, width }: ImageGeometry): Graph {
  const graph = createGraph();
  const images = graph.input(INPUT, "float32", [1, channels, height, width]);
  graph.output(OUTPUT, model.forward(images, declareParameters(model, graph), false).logits);
  return graph;
}

/** A model with its numbers as an ONNX file with a symbolic batch dimension. */
export function toOnnxModel(
  model: Model,
  geometry: ImageGeometry,
  parameters: Readonly<Record<string, Float32Array>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const graph = forInference(inferenceGraph(model, geometry), { parameters });
  return toOnnx(graph, { name: model.family, symbols: SYMBOLS, metadata });
}

/** The same as a file whose parameters are inputs, for measuring a model while it trains. */
export function toOnnxForward(model: Model, geometry: ImageGeometry): Uint8Array {
  return toOnnx(inferenceGraph(model, geometry), { name: model.family, symbols: SYMBOLS });
}
