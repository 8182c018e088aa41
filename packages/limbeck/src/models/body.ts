import { createGraph, ops, sizeOf, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { lastLayer } from "./last-layer.js";
import { type ForwardResult, type Model, tensorsOf } from "./model.js";

/** A network without the linear layer that it ends in. */
export interface ModelBody {
  /** Answers with features [N, width] in the place of logits. */
  readonly model: Model;
  readonly width: number;
}

/** What of a network stands before its last linear layer; nothing where it does not end in one. */
export function bodyOf(whole: Model, { channels, height, width }: ImageGeometry): ModelBody | undefined {
  const graph = createGraph();
  const given = (shape: readonly number[], name: string) => graph.parameter(name, "float32", shape);
  const weights = Object.fromEntries(tensorsOf(whole).map(({ name, shape }) => [name, given(shape, name)]));
  const { logits } = whole.forward(graph.input("images", "float32", [1, channels, height, width]), weights, false);
  const last = lastLayer(logits);
  if (!last) return undefined;
  const used = inputsOf(last.input);
  const [own, others] = [true, false].map((isOwn) => ({
    parameters: whole.parameters.filter(({ name }) => used.has(weights[name]!) === isOwn),
    buffers: whole.buffers.filter(({ name }) => used.has(weights[name]!) === isOwn),
    frozen: (whole.frozen ?? []).filter(({ name }) => used.has(weights[name]!) === isOwn),
  }));
  const { deployed: _, parts: __, ...rest } = whole;
  const forward: Model["forward"] = (images, values, training) => {
    // The last layer is still part of the pass, and of no answer.
    const unused = tensorsOf(others!).map(({ name, shape }) => [
      name,
      images.graph.constant("float32", shape, new Float32Array(sizeOf(shape))),
    ]);
    return featuresOf(whole.forward(images, { ...Object.fromEntries(unused), ...values }, training));
  };
  return { model: { ...rest, ...own!, forward }, width: sizeOf(last.input.shape.slice(1)) };
}

function featuresOf({ logits, taps, buffers }: ForwardResult): ForwardResult {
  const { input } = lastLayer(logits)!;
  const [batch, ...features] = input.shape;
  return { logits: features.length === 1 ? input : ops.reshape(input, [batch!, sizeOf(features)]), taps, buffers };
}

/** All that a value is computed from. */
function inputsOf(value: Tensor): ReadonlySet<Tensor> {
  const met = new Set<Tensor>();
  const next = [value];
  for (let tensor = next.pop(); tensor; tensor = next.pop()) {
    if (met.has(tensor)) continue;
    met.add(tensor);
    if (tensor.source.kind === "node") next.push(...tensor.source.node.inputs.filter((input) => input !== undefined));
  }
  return met;
}
