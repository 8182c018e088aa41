import { type Graph, GraphError, graft, type ImportedModel, randomStream, type Tensor } from "@limbeck/graph";
import { type ImageGeometry, sampleLength } from "../../data/dataset.js";
import { toOnnxModel, toSingleOnnxModel } from "../../models/inference.js";
import type { ForwardResult, Model } from "../../models/model.js";
import { Classifier } from "../classifier.js";
import { areProbabilities, DATA, flatten, logitsOf } from "./answers.js";
import { openTeacherFile, type TeacherFile } from "./file.js";
import { mismatch } from "./interface.js";
import type { OnnxTeacherOptions } from "./options.js";
import { preprocess } from "./preprocess.js";

/** A frozen classifier that was read from a file. */
export interface OnnxTeacher {
  /** Its forward pass: preprocessing, then the file's nodes. Taps are the file's values, under its names for them. */
  readonly model: Model;
  /** The same as an ONNX file that takes the run's images and answers with logits of the data's classes. */
  readonly file: Uint8Array;
  /** Whether that file takes single images only. */
  readonly isSingle: boolean;
  /** SHA-256 of the file and of those that it keeps its numbers in. */
  readonly sha256: string;
}

/** Images that a file is tried with. */
const TRIED = 3;

/** How far answers to a batch may be from those to single images, as a share of the largest. */
const TOLERANCE = 1e-3;

/** Stands before the names of a teacher's values, which would else meet those of the graph that it is copied into. */
const PREFIX = "teacher/";

type Imports = (batch: number) => ImportedModel;

/**
 * Reads a trained classifier and tries it out: what its answers are, and whether it takes batches.
 * @param batches sizes of batches in which terms may look inside of it
 * @param prefix stands before the names of its values in graphs
 * @param whose who has the classes, for messages
 * @throws LimbeckError TEACHER_MISMATCH, FILE_MISSING, FILE_UNREADABLE
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED, as `fromOnnx` does
 */
export async function openOnnxTeacher(
  options: OnnxTeacherOptions,
  images: ImageGeometry,
  classes: number,
  batches: readonly number[],
  { prefix = PREFIX, whose = DATA }: { readonly prefix?: string; readonly whose?: string | undefined } = {},
): Promise<OnnxTeacher> {
  const file = await openTeacherFile(options, images);
  const single = await file.read(1);
  const answers = options.answers ?? (await kindOfAnswers(file, options, images, single));
  const modelOf = (imports: Imports) =>
    frozenModel(file, options, imports, prefix, (raw) => logitsOf(raw, { ...options, answers }, classes, whose));
  const model = modelOf(() => single);
  const alone = toSingleOnnxModel(model, images);
  const together = await batchedFile(model, images, alone);
  const { sha256 } = file;
  if (together) return { model, file: together, isSingle: false, sha256 };
  return { model: modelOf(await readBatches(file, single, batches)), file: alone, isSingle: true, sha256 };
}

async function kindOfAnswers(
  file: TeacherFile,
  options: OnnxTeacherOptions,
  images: ImageGeometry,
  single: ImportedModel,
): Promise<"logits" | "probabilities"> {
  const raw = frozenModel(file, options, () => single, PREFIX, flatten);
  const answers = await answersTo(toSingleOnnxModel(raw, images), images);
  return areProbabilities(answers, answers.length / TRIED) ? "probabilities" : "logits";
}

/** The file for any batch, where the nodes allow it. */
async function batchedFile(model: Model, images: ImageGeometry, alone: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const file = toOnnxModel(model, images, {});
    const [each, all] = [await answersTo(alone, images), await answersTo(file, images)];
    const largest = each.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const isSame =
      all.length === each.length && all.every((value, i) => Math.abs(value - each[i]!) <= TOLERANCE * largest);
    return isSame ? file : undefined;
  } catch {
    // Shapes that are built in show when the graph is checked, or when ONNX Runtime runs it.
    return undefined;
  }
}

/** A network whose nodes know how many samples there are is read anew for each number of them. */
async function readBatches(file: TeacherFile, single: ImportedModel, batches: readonly number[]): Promise<Imports> {
  const known = new Map([[1, single]]);
  const failures = new Map<number, unknown>();
  for (const batch of new Set(batches)) {
    try {
      known.set(batch, await file.read(batch));
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      failures.set(batch, error);
    }
  }
  return (batch) => {
    const found = known.get(batch);
    if (found) return found;
    const cause = failures.get(batch);
    const reason = cause instanceof Error ? `: ${cause.message}` : "";
    throw mismatch(
      `the teacher's file does not take batches of ${batch} images${reason}`,
      batch,
      "Export it with an open first axis, or use terms on its answers alone.",
    );
  };
}

async function answersTo(file: Uint8Array, images: ImageGeometry): Promise<Float32Array> {
  const random = randomStream(0, "teacher");
  const pixels = Float32Array.from({ length: TRIED * sampleLength(images) }, () => random.below(256) / 255);
  const classifier = await Classifier.load(file, images, 1);
  try {
    return await classifier.logits(pixels, TRIED);
  } finally {
    await classifier.release();
  }
}

function frozenModel(
  { input, output, parameters }: TeacherFile,
  options: OnnxTeacherOptions,
  imports: Imports,
  prefix: string,
  finish: (answers: Tensor) => Tensor,
): Model {
  const passes = new WeakMap<Graph, number>();
  return {
    family: "onnx",
    parameters: [],
    buffers: [],
    builtIn: parameters,
    forward: (images) => {
      // A graph may have it look at several images, and names are there once.
      const pass = (passes.get(images.graph) ?? 0) + 1;
      passes.set(images.graph, pass);
      const model = imports(images.shape[0]!);
      const inputs = new Map([[model.inputs.get(input.name)!, preprocess(images, input, options)]]);
      const copies = graft(model.graph, images.graph, {
        inputs,
        prefix: pass === 1 ? prefix : `${prefix}pass${pass}/`,
      });
      return { logits: finish(copies.get(model.outputs.get(output)!)!), taps: tapsOf(model, copies), buffers: {} };
    },
  };
}

/** What the file computes of each image, under its own names. */
function tapsOf({ values }: ImportedModel, copies: ReadonlyMap<Tensor, Tensor>): ForwardResult["taps"] {
  const entries = [...values].flatMap(([name, tensor]) => {
    const copy = tensor.source.kind === "node" && tensor.dtype === "float32" ? copies.get(tensor) : undefined;
    return copy && copy.shape.length > 1 ? [[name, copy] as const] : [];
  });
  return Object.fromEntries(entries);
}
