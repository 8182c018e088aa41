import {
  fromOnnx,
  type ImportedModel,
  type ImportOptions,
  inspectModel,
  probeWith,
  sizeOf,
  type Tensor,
} from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import type { ImageGeometry } from "../../data/dataset.js";
import { checkExternalFiles, modelSha256, readModelFile } from "../../support/model-file.js";
import { answerOutput, type ImageInput, type Interface, imageInput, mismatch } from "./interface.js";
import type { ImageOptions, OnnxTeacherOptions } from "./options.js";
import { preprocess } from "./preprocess.js";
import { completed } from "./preprocessor.js";

/** A classifier's file, and how images go in and answers come out. */
export interface TeacherFile {
  readonly input: ImageInput;
  /** Turns a run's images [N, C, H, W], values 0 … 1, into the input. */
  prepare(images: Tensor): Tensor;
  readonly output: string;
  /** Numbers that are its weights. */
  readonly parameters: number;
  /** SHA-256 of the file and of those that it keeps its numbers in. */
  readonly sha256: string;
  /**
   * The file as a graph for batches of one size.
   * @param part where it ends, by default at {@link output}, and what of it are parameters, by default nothing
   */
  read(batch: number, part?: Pick<ImportOptions, "until" | "trainable">): Promise<ImportedModel>;
}

/**
 * @param outputOf the value that answers, of what the file declares
 * @throws LimbeckError TEACHER_MISMATCH, FILE_MISSING, FILE_UNREADABLE @throws GraphError MODEL_INVALID
 */
export async function openTeacherFile(
  declared: ImageOptions,
  images: ImageGeometry,
  outputOf: (facts: Interface, options: ImageOptions) => string = answerOutput,
): Promise<TeacherFile> {
  const options = completed(declared, images);
  const file = readModelFile(options.onnx);
  const shapesOf = probeWith(nodeBackend);
  const facts = await inspectModel(file.bytes, { externalData: file.externalData, shapesOf });
  checkExternalFiles(options.onnx, facts.model.externalData);
  const [input, output] = [imageInput(facts, options, images), outputOf(facts, options)];
  return {
    input,
    prepare: (pixels) => preprocess(pixels, input, options),
    output,
    parameters: facts.parameters.total,
    sha256: modelSha256(
      file,
      facts.model.externalData.map(({ location }) => location),
    ),
    read: async (batch, part) => {
      const dims = dimensionsOf(input, batch);
      const { externalData } = file;
      const model = await fromOnnx(file.bytes, { dims, until: [output], ...part, externalData, shapesOf });
      const others = [...model.inputs.keys()].filter((name) => name !== input.name);
      if (others.length === 0 && model.inputs.size === 1) return model;
      throw mismatch(
        others.length > 0
          ? `the teacher does not answer from images alone: it also takes ${others.join(", ")}`
          : `${part?.until?.join(", ") ?? `output ${output}`} does not depend on input ${input.name}`,
        others,
        "Use a classifier of images, or set teacher.input and teacher.output.",
      );
    },
  };
}

/** How many classes a teacher tells apart, or the recipe chose of them. @throws as {@link openTeacherFile} */
export async function countClasses(options: OnnxTeacherOptions, images: ImageGeometry): Promise<number> {
  const { output, read } = await openTeacherFile(options, images);
  const { outputs } = await read(1);
  return Array.isArray(options.classes) ? options.classes.length : sizeOf(outputs.get(output)!.shape);
}

function dimensionsOf({ name, layout, channels, height, width }: ImageInput, batch: number): Record<string, number> {
  const shapes = {
    nchw: [batch, channels, height, width],
    nhwc: [batch, height, width, channels],
    rows: [batch, channels * height * width],
  };
  const shape = shapes[layout];
  return Object.fromEntries(shape.map((size, axis) => [`${name}[${axis}]`, size]));
}
