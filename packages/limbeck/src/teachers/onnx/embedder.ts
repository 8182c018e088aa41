import { type ImportedModel, ops, sizeOf, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";
import { firstNames } from "../../support/nearest.js";
import { openTeacherFile, type TeacherFile } from "./file.js";
import { answerOutput, mismatch } from "./interface.js";
import type { OnnxTeacherOptions } from "./options.js";
import { type OnnxTeacher, type TeacherContext, tryOut } from "./teacher.js";

/**
 * Reads a frozen network whose embedding is one of its outputs, or any value on the way there.
 * @param batches sizes of batches in which terms may look inside of it
 * @throws LimbeckError TEACHER_MISMATCH, FILE_MISSING, FILE_UNREADABLE
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED; OPTION_INVALID where it computes no such value
 */
export async function openEmbedder(
  options: OnnxTeacherOptions,
  images: ImageGeometry,
  batches: readonly number[],
  { prefix = "teacher/" }: Pick<TeacherContext, "prefix"> = {},
): Promise<OnnxTeacher> {
  const file = await openFile(options, images);
  const single = await file.read(1);
  const width = widthOf(answerOf(file, single));
  const part = { ...file, parameters: numbersIn(single) };
  return { ...(await tryOut(part, single, { images, batches, prefix, finish: vectorOf })), width };
}

/** How many numbers an embedding has. @throws as {@link openEmbedder} */
export async function countDimensions(options: OnnxTeacherOptions, images: ImageGeometry): Promise<number> {
  const file = await openFile(options, images);
  return widthOf(answerOf(file, await file.read(1)));
}

function answerOf({ output }: TeacherFile, { outputs }: ImportedModel): Tensor {
  const answer = outputs.get(output);
  if (answer) return answer;
  throw mismatch(
    `"${output}" is no name of a value, but fits ${firstNames([...outputs.keys()], 5)}`,
    output,
    "Name one of them.",
  );
}

function openFile(options: OnnxTeacherOptions, images: ImageGeometry): Promise<TeacherFile> {
  return openTeacherFile(options, images, (facts, { output }) => output ?? answerOutput(facts, {}));
}

/** Vectors as they are; maps [N, C, H, W] averaged over their places. @throws LimbeckError TEACHER_MISMATCH */
function vectorOf(raw: Tensor): Tensor {
  widthOf(raw);
  return raw.shape.length === 2 ? raw : ops.flatten(ops.globalAveragePool(raw));
}

function widthOf({ name, dtype, shape }: Tensor): number {
  if (dtype === "float32" && (shape.length === 2 || shape.length === 4)) return shape[1]!;
  throw mismatch(
    `an embedding is a vector [N, D], or maps [N, C, H, W] to be averaged, and ${name} is ${dtype} [${shape.join(", ")}]`,
    shape,
    "Name another value as teacher.output: `limbeck inspect FILE --taps '*'` lists them with their shapes.",
  );
}

/** Weights on the way to the embedding: what comes behind it is cut off. */
function numbersIn({ graph }: ImportedModel): number {
  const weights = graph.constants.filter(({ dtype, shape }) => dtype === "float32" && shape.length > 0);
  return weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
