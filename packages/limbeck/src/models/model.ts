import type { Graph, Tensor, TrainingBuffer } from "@limbeck/graph";
import { sizeOf } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import type { OptionsSchema } from "../support/options.js";
import { drawInitial, type InitialValues } from "./initial.js";

/** A tensor of a model: its name in PyTorch's spelling, its shape, and how it starts. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: InitialValues;
}

/** What a forward pass yields. */
export interface ForwardResult {
  /** [N, classes] */
  readonly logits: Tensor;
  /** Of a network that answers twice: what its logits are the mean of. */
  readonly ends?: Ends;
  /** Intermediate values by name, for losses that look inside; `.preact` ends the names of values before an activation. */
  readonly taps: Readonly<Record<string, Tensor>>;
  /** Values of all buffers after a training step, by name; those given where the pass was not a training one. */
  readonly buffers: Readonly<Record<string, Tensor>>;
}

/** Whether a tap's value is one before an activation. */
export const isBeforeActivation = (tap: string): boolean => tap.endsWith(".preact");

/** Logits [N, classes] of two ends, which learn from different things where a training has both. */
export interface Ends {
  readonly byLabels: Tensor;
  readonly byTeacher: Tensor;
}

/** Numbers of a model by name: parameters and buffers. */
export type ModelValues = Readonly<Record<string, Float32Array>>;

/** A model without its numbers. */
export interface Model {
  readonly family: string;
  /** What is trained. */
  readonly parameters: readonly TensorSpec[];
  /** What is carried without gradient: running statistics of batch normalization. */
  readonly buffers: readonly TensorSpec[];
  /** How many numbers the forward pass brings along itself, as that of a network that was read from a file does. Default 0. */
  readonly builtIn?: number;
  /** What belongs to the model, but is never trained: weights taken over from a teacher. Default: nothing. */
  readonly frozen?: readonly TensorSpec[];
  /**
   * Emits the forward pass.
   * @param images [N, C, H, W], values 0 … 1; rows and windows as they are
   * @param weights the model's parameters and buffers by name, of the same graph
   * @param training whether dropout is on and batches are normalized by their own statistics
   */
  forward(images: Tensor, weights: Readonly<Record<string, Tensor>>, training: boolean): ForwardResult;
  /** Where only a layer behind a frozen body is trained: the two apart. The head's parameters are the model's. */
  readonly parts?: ModelParts;
  /** What the host does to its values between steps. Default: nothing. */
  readonly between?: BetweenSteps;
  /** The model that is exported in this one's place and gives the same answers, where there is one. */
  readonly deployed?: DeployedForm;
}

/** A frozen body and what is trained behind it. */
export interface ModelParts {
  /** Answers with features [N, width] in the place of logits; it has no parameters. */
  readonly body: Model;
  readonly width: number;
  /** Takes features as images [N, width, 1, 1]. */
  readonly head: Model;
}

/** Work that no graph does: a function of the step and the values alone, so that a resumed training repeats it. */
export interface BetweenSteps {
  /** What it depends on beside. */
  readonly settings: object;
  /** New values of some tensors before a step; nothing where all stay. */
  values(step: number, current: () => ModelValues): ModelValues | undefined;
}

/** Another form of a trained model. */
export interface DeployedForm {
  readonly model: Model;
  /** Its values, from those of the trained model. */
  convert(values: ModelValues): ModelValues;
  /** What becomes of its exported file in the end, by the values of the trained model. Default: nothing. */
  finish?(file: Uint8Array, values: ModelValues): Uint8Array;
}

/** A model that is known by a name: options of its family, and the images that it was made for. */
export interface FamilyMember {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly geometry: ImageGeometry;
  readonly classes: number;
}

/** One family of models: a name, its options and how to build a member. */
export interface ModelFamily<Options = unknown> {
  readonly name: string;
  readonly description: string;
  /** The paper, and whose parameter names and first values are followed. */
  readonly source: string;
  readonly options: OptionsSchema<Options>;
  /** Well-known members, smallest first. */
  readonly members: readonly FamilyMember[];
  /** @throws GraphError where images are too small for the model */
  build(options: Options, geometry: ImageGeometry, classes: number): Model;
}

/** Number of weights of the model in its deployed form, trained or taken over; running statistics do not count. */
export function parameterCount({ deployed, ...model }: Model): number {
  const { parameters, frozen = [], builtIn = 0 } = deployed?.model ?? model;
  return [...parameters, ...frozen].reduce((sum, { shape }) => sum + sizeOf(shape), builtIn);
}

/** What a network has numbers in. */
export type ModelTensors = Pick<Model, "parameters" | "buffers" | "frozen">;

/** All that a model needs a value for. */
export function tensorsOf({ parameters, buffers, frozen = [] }: ModelTensors): readonly TensorSpec[] {
  return [...parameters, ...buffers, ...frozen];
}

/**
 * Declares a model's parameters and buffers in a graph.
 * @param prefix what stands before their names there
 * @returns by the model's own names
 */
export function declareTensors(model: ModelTensors, graph: Graph, prefix = ""): Record<string, Tensor> {
  return Object.fromEntries(
    tensorsOf(model).map(({ name, shape }) => [name, graph.parameter(`${prefix}${name}`, "float32", shape)]),
  );
}

/** How a training step carries a model's buffers on. */
export function carriedBuffers(
  { buffers }: ModelTensors,
  weights: Readonly<Record<string, Tensor>>,
  result: Pick<ForwardResult, "buffers">,
): TrainingBuffer[] {
  return buffers.map(({ name }) => ({ input: weights[name]!, next: result.buffers[name]! }));
}

/**
 * First values of all parameters and buffers, from a seed.
 * @param prefix what stands before their names; models of different prefixes start from different values
 */
export function initialize(model: ModelTensors, seed: number, prefix = ""): Record<string, Float32Array> {
  const named = tensorsOf(model).map((tensor) => ({ ...tensor, name: `${prefix}${tensor.name}` }));
  return Object.fromEntries(named.map(({ name, shape, init }) => [name, drawInitial(init, shape, seed, name)]));
}
