import { createGraph, forInference, type Graph, type GraphCost, graphCost, toOnnx } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { declareTensors, type Model, type ModelValues } from "./model.js";

/** Names of an exported classifier's input [batch, C, H, W], values 0 … 1, and output [batch, classes]. */
export const INPUT = "images";
export const OUTPUT = "logits";

/** What the output [batch, numbers] of a model is called. */
export function outputName({ embedding }: Pick<ImageGeometry, "embedding">): string {
  return embedding === undefined ? OUTPUT : "embedding";
}

const symbols = (geometry: ImageGeometry) => ({ [INPUT]: { 0: "batch" }, [outputName(geometry)]: { 0: "batch" } });

function inferenceGraph(model: Model, geometry: ImageGeometry): Graph {
  const { channels, height, width } = geometry;
  const graph = createGraph();
  const images = graph.input(INPUT, "float32", [1, channels, height, width]);
  graph.output(outputName(geometry), model.forward(images, declareTensors(model, graph), false).logits);
  return graph;
}

/** A model with its numbers as an ONNX file with a symbolic batch dimension. Batch normalization is folded where it can be. */
export function toOnnxModel(
  model: Model,
  geometry: ImageGeometry,
  values: ModelValues,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const options = { name: model.family, symbols: symbols(geometry), metadata };
  return finished(model, toOnnx(deployedGraph(model, geometry, values), options), values);
}

/**
 * A model as it was trained, with its batch normalizations and what they have seen in training: what data-free schemes read.
 * It gives the answers of {@link toOnnxModel}'s file, from more nodes.
 */
export function toUnfoldedOnnxModel(model: Model, geometry: ImageGeometry, values: ModelValues): Uint8Array {
  const graph = forInference(inferenceGraph(model, geometry), { parameters: values, foldBatchNorm: false });
  return toOnnx(graph, { name: model.family, symbols: symbols(geometry) });
}

/** A model as a file that answers one image at a time. */
export function toSingleOnnxModel(model: Model, geometry: ImageGeometry, values: ModelValues = {}): Uint8Array {
  return finished(model, toOnnx(deployedGraph(model, geometry, values), { name: model.family }), values);
}

const finished = ({ deployed }: Model, file: Uint8Array, values: ModelValues): Uint8Array =>
  deployed?.finish?.(file, values) ?? file;

/** The graph that is exported: in the model's deployed form, with its numbers. */
function deployedGraph(model: Model, geometry: ImageGeometry, values: ModelValues): Graph {
  const { deployed } = model;
  const parameters = deployed ? deployed.convert(values) : values;
  return forInference(inferenceGraph(deployed?.model ?? model, geometry), { parameters });
}

/** A model as a file whose parameters and buffers are inputs, for measuring a model while it trains. */
export function toOnnxForward(model: Model, geometry: ImageGeometry): Uint8Array {
  return toOnnx(inferenceGraph(model, geometry), { name: model.family, symbols: symbols(geometry) });
}

/**
 * What one image costs the model in its deployed form. Batch normalization counts, although exports fold it into
 * convolutions where they can.
 */
export function modelCost({ deployed, ...model }: Model, geometry: ImageGeometry): GraphCost {
  return graphCost(inferenceGraph(deployed?.model ?? model, geometry));
}
