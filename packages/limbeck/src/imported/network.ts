import {
  createGraph,
  type Graph,
  GraphError,
  gradients,
  graft,
  type ImportedModel,
  ops,
  sizeOf,
  type Tensor,
} from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { toSingleOnnxModel } from "../models/inference.js";
import { pytorchDefault } from "../models/initial.js";
import { declareTensors, initialize, type Model, type TensorSpec } from "../models/model.js";
import { sha256 } from "../support/hash.js";
import { canonicalJson } from "../support/json.js";
import { areProbabilities, chosenPlaces, flatten, logitsOf } from "../teachers/onnx/answers.js";
import { openTeacherFile, type TeacherFile } from "../teachers/onnx/file.js";
import { tapsOf } from "../teachers/onnx/taps.js";
import { answersTo, batchedFile, TRIED } from "../teachers/onnx/trial.js";
import { cutOf } from "./cut.js";
import type { OnnxModelOptions } from "./options.js";
import { unfit } from "./problem.js";
import { trainedOf } from "./trained.js";

/** A network of an ONNX file, ready to be trained further. */
export interface ImportedNetwork {
  /** SHA-256 of the file and of those that it keeps its numbers in. */
  readonly sha256: string;
  /**
   * The network for some classes: trained weights are parameters under the file's names, which start from the file's
   * numbers; all others are constants. Batch normalization and dropout stay as in inference, also while it is trained.
   * @param width of its answer, where that is not one number for each class
   * @throws LimbeckError TEACHER_MISMATCH where it keeps its own head, and that has other classes
   */
  model(classes: readonly string[], width?: number): Model;
}

/** What of a file is needed, as a graph for one image. */
interface Body {
  readonly file: TeacherFile;
  readonly read: ImportedModel;
  readonly trained: readonly TensorSpec[];
  /** How many numbers are weights that stay as they are. */
  readonly frozen: number;
  /** Stands before the names of constants; only imports whose constants are the same share it. */
  readonly prefix: string;
}

/**
 * Reads a network and tries it out: whether it takes batches, and whether gradients reach what is to be trained.
 * @throws LimbeckError MODEL_MISMATCH, with the option's key as `where`; TEACHER_MISMATCH where images do not go in;
 *   FILE_MISSING, FILE_UNREADABLE
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED, as `fromOnnx` does
 */
export async function openNetwork(options: OnnxModelOptions, images: ImageGeometry): Promise<ImportedNetwork> {
  const body = await readBody(options, images);
  const model = (finish: Finish, head: readonly TensorSpec[]) => networkModel(body, head, finish);
  const bare = model(flatten, []);
  const kind = await tried(bare, images);
  if (options.head === "own") {
    const answers = options.answers ?? kind;
    const own = (raw: Tensor, names: readonly string[]) =>
      logitsOf(raw, { answers, places: chosenPlaces(options, options.onnx, names) }, names.length);
    return {
      sha256: body.file.sha256,
      model: (classes) => {
        own(resultAlone(body.read), classes);
        return model((raw) => own(raw, classes), []);
      },
    };
  }
  const seenWidth = features(resultAlone(body.read)).shape[1]!;
  return {
    sha256: body.file.sha256,
    model: (classes, width = classes.length) => {
      const head = linearHead(headName(body.trained), width, seenWidth);
      const [weight, bias] = head;
      const answer: Finish = (seen, weights) => ops.linear(seen, weights[weight.name]!, weights[bias.name]!);
      const whole = model(answer, head);
      if (body.trained.length > 0) return whole;
      return { ...whole, parts: { body: model(features, []), width: seenWidth, head: headAlone(head, answer) } };
    },
  };
}

async function readBody(options: OnnxModelOptions, images: ImageGeometry): Promise<Body> {
  const file = await openTeacherFile(options, images);
  const end = options.head === "own" ? file.output : cutOf(await file.read(1), options.cut, file.output);
  const whole = await file.read(1, { until: [end], trainable: ["*"] }).catch(withoutWeights);
  const weights = Object.keys(whole?.parameters ?? {});
  const head = options.head === "own" ? [] : ["head.weight", "head.bias"];
  const names = trainedOf(options.trainable, weights, head);
  const isAll = whole !== undefined && names.length === weights.length;
  const read = isAll ? whole : await file.read(1, { until: [end], trainable: names });
  const trained = names.map((name): TensorSpec => {
    const { shape } = whole!.graph.inputs.find((input) => input.name === name)!;
    return { name, shape, init: { kind: "given", values: Float32Array.from(whole!.parameters[name] as Float32Array) } };
  });
  const all = Object.values(whole?.parameters ?? {}).reduce((sum, { length }) => sum + length, 0);
  const frozen = all - trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const prefix = `onnx-${sha256(canonicalJson([file.sha256, end, names])).slice(0, 8)}/`;
  return { file, read, trained, frozen, prefix };
}

/** A file that has no weight before its cut. */
function withoutWeights(error: unknown): undefined {
  if (error instanceof GraphError && error.code === "OPTION_INVALID" && error.value === "*") return undefined;
  throw error;
}

type Finish = (raw: Tensor, weights: Readonly<Record<string, Tensor>>) => Tensor;

function networkModel(
  { file, read, trained, frozen, prefix }: Body,
  head: readonly TensorSpec[],
  finish: Finish,
): Model {
  const input = read.inputs.get(file.input.name)!;
  return {
    family: "onnx",
    parameters: [...trained, ...head],
    buffers: [],
    builtIn: frozen,
    forward: (images, weights) => {
      const inputs = new Map([[input, file.prepare(images)]]);
      const leaf = (tensor: Tensor) =>
        tensor.source.kind === "parameter" ? weights[tensor.name] : constantOf(tensor, images.graph, prefix);
      const copies = graft(read.graph, images.graph, { inputs, leaf });
      const raw = copies.get(resultOf(read))!;
      const taps = tapsOf(read, copies);
      if (head.length === 0) return { logits: finish(raw, weights), taps, buffers: {} };
      const seen = features(raw);
      return { logits: finish(seen, weights), taps: { ...taps, features: seen }, buffers: {} };
    },
  };
}

/** A frozen number of the file, once in each graph however often the network stands there. */
function constantOf(tensor: Tensor, graph: Graph, prefix: string): Tensor {
  const name = prefix + tensor.name;
  return graph.shared(name, () => graph.adopt(tensor, name));
}

const resultOf = ({ outputs }: ImportedModel): Tensor => [...outputs.values()][0]!;

/** Rows that a linear layer reads: maps are averaged over their places. @throws LimbeckError MODEL_MISMATCH */
function features(raw: Tensor): Tensor {
  const { shape, name } = raw;
  if (raw.dtype === "float32" && shape.length === 2) return raw;
  if (raw.dtype === "float32" && shape.length === 4) return ops.flatten(ops.globalAveragePool(raw));
  throw unfit(
    "cut",
    `a linear head reads [N, features], or maps [N, C, H, W], and ${name} is ${raw.dtype} [${shape.join(", ")}]`,
    shape,
    "Cut at another value: `limbeck inspect FILE --taps '*'` lists them with their shapes.",
  );
}

/** The result in a graph of its own, to see what can be made of it. */
function resultAlone(read: ImportedModel): Tensor {
  const { name, dtype, shape } = resultOf(read);
  return createGraph().input(name, dtype, shape);
}

/** The new head is called head, unless the file's own weights are. */
function headName(trained: readonly TensorSpec[]): string {
  return trained.some(({ name }) => name.startsWith("head.")) ? "new_head" : "head";
}

function linearHead(name: string, classes: number, width: number): [TensorSpec, TensorSpec] {
  const shape = [classes, width];
  const init = pytorchDefault(shape);
  return [
    { name: `${name}.weight`, shape, init },
    { name: `${name}.bias`, shape: [classes], init },
  ];
}

/** A head that is fed what its body has seen. */
function headAlone(parameters: readonly TensorSpec[], answer: Finish): Model {
  return {
    family: "onnx",
    parameters,
    buffers: [],
    forward: (images, weights) => ({ logits: answer(ops.flatten(images), weights), taps: {}, buffers: {} }),
  };
}

/** @returns what the result is, if it is what the file answers @throws LimbeckError MODEL_MISMATCH */
async function tried(model: Model, images: ImageGeometry): Promise<"logits" | "probabilities"> {
  requireGradients(model, images);
  const values = initialize(model, 0);
  const alone = toSingleOnnxModel(model, images, values);
  if (!(await batchedFile(model, images, alone, values))) {
    throw unfit(
      "onnx",
      "the file answers one image at a time: its nodes count the images, or mix them",
      null,
      "Export it with an open first axis; as a frozen teacher it can be used as it is.",
    );
  }
  const answers = await answersTo(alone, images);
  return areProbabilities(answers, answers.length / TRIED) ? "probabilities" : "logits";
}

function requireGradients(model: Model, { channels, height, width }: ImageGeometry): void {
  const graph = createGraph();
  const images = graph.input("images", "float32", [2, channels, height, width]);
  try {
    const weights = declareTensors(model, graph);
    const { logits } = model.forward(images, weights, true);
    gradients(ops.reduceSum(logits), Object.values(weights));
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    const where = error.where ? ` (${error.where})` : "";
    throw unfit(
      "trainable",
      `the file cannot be trained: ${error.message}${where}`,
      error.value,
      "Leave the weights in front of it out of trainable, or cut before it.",
    );
  }
}
