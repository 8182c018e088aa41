import type { Graph, Tensor } from "@limbeck/graph";
import { randomStream, sizeOf } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import type { OptionsSchema } from "../support/options.js";

/** A trainable tensor: its name in PyTorch's spelling, its shape, and how it starts. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Uniform in [-bound, bound). */
  readonly init: { readonly kind: "uniform"; readonly bound: number };
}

/** What a forward pass yields. */
export interface ForwardResult {
  /** [N, classes] */
  readonly logits: Tensor;
  /** Intermediate values by name, for losses that look inside. */
  readonly taps: Readonly<Record<string, Tensor>>;
}

/** A model without its numbers. */
export interface Model {
  readonly family: string;
  readonly parameters: readonly ParameterSpec[];
  /**
   * Emits the forward pass.
   * @param images [N, C, H, W], values 0 … 1
   * @param weights the model's parameters by name, of the same graph
   * @param training whether dropout is on
   */
  forward(images: Tensor, weights: Readonly<Record<string, Tensor>>, training: boolean): ForwardResult;
}

/** One family of models: a name, its options and how to build a member. */
export interface ModelFamily<Options = unknown> {
  readonly name: string;
  readonly description: string;
  readonly options: OptionsSchema<Options>;
  build(options: Options, geometry: ImageGeometry, classes: number): Model;
}

/** Number of trainable values. */
export function parameterCount(model: Model): number {
  return model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Declares a model's parameters in a graph. */
export function declareParameters(model: Model, graph: Graph): Record<string, Tensor> {
  return Object.fromEntries(model.parameters.map(({ name, shape }) => [name, graph.parameter(name, "float32", shape)]));
}

/** First values of all parameters, from a seed. */
export function initialize(model: Model, seed: number): Record<string, Float32Array> {
  return Object.fromEntries(
    model.parameters.map(({ name, shape, init }) => {
      const stream = randomStream(seed, "init", name);
      return [name, Float32Array.from({ length: sizeOf(shape) }, () => (2 * stream.uniform() - 1) * init.bound)];
    }),
  );
}
