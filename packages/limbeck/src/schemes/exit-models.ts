import { createGraph, ops, sizeOf, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { Layers } from "../models/layers.js";
import { declareTensors, type ForwardResult, type Model, type TensorSpec, tensorsOf } from "../models/model.js";
import { LimbeckError } from "../support/errors.js";
import { tapped } from "./taps.js";

/** Maps are averaged over 2 × 2 places until no side is longer. */
const LARGEST_MAP = 8;

const STAGE = /^(stage|block|layer|relu)\d+$/;

/** What an exit answers, and what it answers from. */
export interface ExitAnswer {
  /** [N, K] */
  readonly logits: Tensor;
  /** As wide as the deepest features, [N, D]. */
  readonly features: Tensor;
}

/** A model with exits before its end. */
export interface ModelWithExits {
  /** Everything. Its logits are the deepest ones, its values are those of the model by their names, and `exit1.…` belongs to the first exit. */
  readonly whole: Model;
  /** Each exit as a model of its own, from the input on: with what it needs of the whole. */
  readonly exits: readonly Model[];
  /** All exits' answers in one pass, the deepest last. */
  answers(images: Tensor, weights: Readonly<Record<string, Tensor>>, training: boolean): ExitAnswers;
}

/** Answers of one pass. */
export interface ExitAnswers {
  readonly answers: readonly ExitAnswer[];
  readonly buffers: ForwardResult["buffers"];
}

/**
 * Puts exits behind taps of a model.
 * @param taps by default its stages, blocks or layers before the last
 * @throws LimbeckError TAP_UNKNOWN; RECIPE_INVALID where there is no stage to leave at
 */
export function withExits(
  model: Model,
  taps: readonly string[] | undefined,
  geometry: ImageGeometry,
  classes: number,
): ModelWithExits {
  const names = taps ?? stagesOf(model, geometry);
  const answersOf = (inner: ForwardResult, layers: Layers): ExitAnswer[] => {
    const features = deepestFeatures(inner);
    const early = names.map((tap, i) => {
      return exitBehind(layers, `exit${i + 1}`, tapped("exits", "student", tap, inner), features.shape[1]!, classes);
    });
    return [...early, { logits: inner.logits, features }];
  };
  const answers: ModelWithExits["answers"] = (images, weights, training) => {
    const inner = model.forward(images, weights, training);
    const layers = new Layers({}, training, ({ name }) => weights[name]!);
    const all = answersOf(inner, layers);
    return { answers: all, buffers: { ...inner.buffers, ...layers.buffers } };
  };
  const own = headTensors(model, geometry, answersOf);
  const whole: Model = {
    family: `${model.family}-exits`,
    parameters: [...model.parameters, ...own.parameters],
    buffers: [...model.buffers, ...own.buffers],
    forward: (images, weights, training) => {
      const result = answers(images, weights, training);
      return { logits: result.answers.at(-1)!.logits, taps: {}, buffers: result.buffers };
    },
  };
  return { whole, exits: names.map((_, i) => exitModel(whole, i, answers, geometry)), answers };
}

/** What the heads ask for, found by a trace. */
function headTensors(
  model: Model,
  geometry: ImageGeometry,
  answersOf: (inner: ForwardResult, layers: Layers) => unknown,
): Pick<Model, "parameters" | "buffers"> {
  const [parameters, buffers]: [TensorSpec[], TensorSpec[]] = [[], []];
  const images = imagesOf(geometry);
  const layers = new Layers({}, false, (spec, isBuffer) => {
    (isBuffer ? buffers : parameters).push(spec);
    return images.graph.parameter(spec.name, "float32", spec.shape);
  });
  answersOf(model.forward(images, declareTensors(model, images.graph), false), layers);
  return { parameters, buffers };
}

/** One exit, with those tensors that its answer depends on. */
function exitModel(whole: Model, place: number, answers: ModelWithExits["answers"], geometry: ImageGeometry): Model {
  const images = imagesOf(geometry);
  const traced = answers(images, declareTensors(whole, images.graph), false).answers[place]!.logits;
  const needed = tensorsBehind(traced);
  const own = (specs: readonly TensorSpec[]) => specs.filter(({ name }) => needed.has(name));
  const others = tensorsOf(whole).filter(({ name }) => !needed.has(name));
  return {
    family: whole.family,
    parameters: own(whole.parameters),
    buffers: own(whole.buffers),
    forward: (input, weights, training) => {
      const standIns = others.map(({ name, shape }) => {
        return [name, input.graph.constant("float32", shape, new Float32Array(sizeOf(shape)))] as const;
      });
      const result = answers(input, { ...Object.fromEntries(standIns), ...weights }, training);
      return { logits: result.answers[place]!.logits, taps: {}, buffers: result.buffers };
    },
  };
}

function imagesOf({ channels, height, width }: ImageGeometry): Tensor {
  return createGraph().input("images", "float32", [1, channels, height, width]);
}

/** Names of all parameters that a value depends on. */
function tensorsBehind(value: Tensor): Set<string> {
  const [seen, names] = [new Set<Tensor>(), new Set<string>()];
  const open = [value];
  for (let x = open.pop(); x; x = open.pop()) {
    if (seen.has(x)) continue;
    seen.add(x);
    if (x.source.kind === "parameter") names.add(x.name);
    if (x.source.kind === "node") open.push(...x.source.node.inputs.filter((input) => input !== undefined));
  }
  return names;
}

/** Taps of stages behind which there are further layers before the deepest features. @throws LimbeckError RECIPE_INVALID */
function stagesOf(model: Model, geometry: ImageGeometry): string[] {
  const images = imagesOf(geometry);
  const result = model.forward(images, declareTensors(model, images.graph), false);
  const isLayer = new Set(model.parameters.filter(({ shape }) => shape.length > 1).map(({ name }) => name));
  const layersBehind = (x: Tensor) => [...tensorsBehind(x)].filter((name) => isLayer.has(name)).length;
  const all = layersBehind(deepestFeatures(result));
  const stages = Object.entries(result.taps).filter(([name, x]) => STAGE.test(name) && layersBehind(x) < all);
  if (stages.length > 0) return stages.map(([name]) => name);
  throw new LimbeckError(
    "RECIPE_INVALID",
    `${model.family} has no stage before its last that an exit could stand behind`,
    {
      where: "scheme.exits",
      fix: `Name taps of the student in scheme.exits: ${Object.keys(result.taps).join(", ")}; or use a deeper student.`,
    },
  );
}

/** What the classifier sees, as rows. */
function deepestFeatures({ taps }: ForwardResult): Tensor {
  return rowsOf(taps.features ?? Object.values(taps).at(-1)!);
}

/** Averages maps over places and tokens over their number: [N, D]. */
function rowsOf(x: Tensor): Tensor {
  if (x.shape.length === 4) return ops.reduceMean(x, { axes: [2, 3] });
  return x.shape.length === 3 ? ops.reduceMean(x, { axes: [1] }) : x;
}

/** A small head: to the width of the deepest features, then a linear layer. */
function exitBehind(layers: Layers, name: string, x: Tensor, width: number, classes: number): ExitAnswer {
  let small = x;
  while (small.shape.length === 4 && Math.max(small.shape[2]!, small.shape[3]!) > LARGEST_MAP) {
    small = ops.avgPool2d(small, 2);
  }
  const features =
    small.shape.length === 4
      ? rowsOf(ops.relu(layers.batchNorm(`${name}.bn`, layers.conv(`${name}.conv`, small, width, { kernel: 1 }))))
      : ops.relu(layers.linear(`${name}.bottleneck`, rowsOf(small), width));
  return { logits: layers.linear(`${name}.fc`, features, classes), features };
}
