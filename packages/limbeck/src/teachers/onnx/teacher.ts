import { type Graph, GraphError, graft, type ImportedModel, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";
import { toSingleOnnxModel } from "../../models/inference.js";
import type { Model } from "../../models/model.js";
import { areProbabilities, chosenPlaces, DATA, flatten, logitsOf } from "./answers.js";
import { openTeacherFile, type TeacherFile } from "./file.js";
import { mismatch } from "./interface.js";
import type { OnnxTeacherOptions } from "./options.js";
import { tapsOf } from "./taps.js";
import { answersTo, batchedFile, TRIED } from "./trial.js";

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
  /** How many numbers it answers with, where those are not logits. */
  readonly width?: number;
}

/** Stands before the names of a teacher's values, which would else meet those of the graph that it is copied into. */
const PREFIX = "teacher/";

/** What a teacher is beside a file. */
export interface TeacherContext {
  /** Stands before the names of its values in graphs. */
  readonly prefix?: string;
  /** Who has the classes, for messages. */
  readonly whose?: string | undefined;
  /** What the classes are called, for teachers whose labels are mapped onto them. */
  readonly names?: readonly string[];
}

type Imports = (batch: number) => ImportedModel;

/**
 * Reads a trained classifier and tries it out: what its answers are, and whether it takes batches.
 * @param batches sizes of batches in which terms may look inside of it
 * @throws LimbeckError TEACHER_MISMATCH, FILE_MISSING, FILE_UNREADABLE
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED, as `fromOnnx` does
 */
export async function openOnnxTeacher(
  options: OnnxTeacherOptions,
  images: ImageGeometry,
  classes: number,
  batches: readonly number[],
  { prefix = PREFIX, whose = DATA, names = [] }: TeacherContext = {},
): Promise<OnnxTeacher> {
  const file = await openTeacherFile(options, images);
  const single = await file.read(1);
  const answers = options.answers ?? (await kindOfAnswers(file, images, single));
  const places = chosenPlaces(options, options.onnx, names);
  const finish: Finish = (raw) => logitsOf(raw, { answers, places }, classes, whose);
  return tryOut(file, single, { images, batches, prefix, finish });
}

type Finish = (answers: Tensor) => Tensor;

interface Trial {
  readonly images: ImageGeometry;
  readonly batches: readonly number[];
  readonly prefix: string;
  readonly finish: Finish;
}

/** A file as a teacher, once it is known whether it takes batches. */
export async function tryOut(
  file: TeacherFile,
  single: ImportedModel,
  { images, batches, prefix, finish }: Trial,
): Promise<OnnxTeacher> {
  const modelOf = (imports: Imports) => frozenModel(file, imports, prefix, finish);
  const model = modelOf(() => single);
  const alone = toSingleOnnxModel(model, images);
  const together = await batchedFile(model, images, alone);
  const { sha256 } = file;
  if (together) return { model, file: together, isSingle: false, sha256 };
  return { model: modelOf(await readBatches(file, single, batches)), file: alone, isSingle: true, sha256 };
}

async function kindOfAnswers(
  file: TeacherFile,
  images: ImageGeometry,
  single: ImportedModel,
): Promise<"logits" | "probabilities"> {
  const raw = frozenModel(file, () => single, PREFIX, flatten);
  const answers = await answersTo(toSingleOnnxModel(raw, images), images);
  return areProbabilities(answers, answers.length / TRIED) ? "probabilities" : "logits";
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

function frozenModel(
  { input, output, parameters, prepare }: TeacherFile,
  imports: Imports,
  prefix: string,
  finish: Finish,
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
      const inputs = new Map([[model.inputs.get(input.name)!, prepare(images)]]);
      const copies = graft(model.graph, images.graph, {
        inputs,
        prefix: pass === 1 ? prefix : `${prefix}pass${pass}/`,
      });
      return { logits: finish(copies.get(model.outputs.get(output)!)!), taps: tapsOf(model, copies), buffers: {} };
    },
  };
}
