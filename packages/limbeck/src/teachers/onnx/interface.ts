import type { DeclaredValue, ModelInspection } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";
import { type ErrorCode, LimbeckError } from "../../support/errors.js";
import type { ImageOptions } from "./options.js";

/** How images must be for a model that is read from a file. */
export interface ImageInput {
  readonly name: string;
  /** Rows are all values of a sample in one row, [N, C · H · W]. */
  readonly layout: "nchw" | "nhwc" | "rows";
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** What images are resized to before the middle of them is cut out: height and width. Default: the input's own. */
  readonly resized?: readonly [number, number];
  /** Whole numbers are fed as such, after rounding. */
  readonly dtype: "float32" | "uint8" | "int32" | "int64";
}

/** Whose file it is: how errors speak of it. */
export interface Subject {
  readonly code: ErrorCode;
  /** Such as `the teacher`. */
  readonly noun: string;
  readonly where: string;
  /** Stands before an option's name. */
  readonly prefix: string;
}

export const TEACHER: Subject = {
  code: "TEACHER_MISMATCH",
  noun: "the teacher",
  where: "teacher",
  prefix: "teacher.",
};

/** That a file does not fit. Of several files, the message says which. */
export function mismatch(message: string, value: unknown, fix: string, subject = TEACHER): LimbeckError {
  const { code, where, noun } = subject;
  const isNamed = subject === TEACHER || message.startsWith(noun);
  return new LimbeckError(code, isNamed ? message : `${noun}: ${message}`, { where, value, fix });
}

/** What a file declares. */
export type Interface = Pick<ModelInspection, "inputs" | "outputs">;

/** What is asked of a model's input. */
type InputOptions = Pick<ImageOptions, "input" | "layout" | "size" | "crop">;

/** The input that was asked for, or the only one. @throws LimbeckError TEACHER_MISMATCH, or the subject's own code */
export function chosenInput(facts: Interface, options: InputOptions, subject = TEACHER): DeclaredValue {
  return chosen(facts.inputs, options.input, "input", subject);
}

/**
 * Of a model's inputs, the one that takes images, and how.
 * @throws LimbeckError TEACHER_MISMATCH, or the subject's own code
 */
export function imageInput(
  facts: Interface,
  options: InputOptions,
  images: ImageGeometry,
  subject: Subject = TEACHER,
): ImageInput {
  const input = chosenInput(facts, options, subject);
  const { name, shape } = input;
  if (shape?.length === 2) return rowInput(input, images, subject);
  const dtype = input.dtype === "uint8" ? "uint8" : "float32";
  if (!/^(float(16|32)|bfloat16|uint8)$/.test(input.dtype ?? "")) {
    throw mismatch(
      `input ${name} takes ${input.dtype ?? "no tensor"}, not images`,
      input.dtype,
      "Use a classifier of images.",
      subject,
    );
  }
  if (shape?.length !== 4) {
    throw mismatch(
      `input ${name} has shape [${shape?.join(", ") ?? "?"}]; images have four axes, rows two`,
      shape,
      "Use a classifier of images [N, C, H, W] or [N, H, W, C].",
      subject,
    );
  }
  const layout = options.layout ?? layoutOf(name, shape, images, subject);
  const [channels, height, width] = layout === "nchw" ? shape.slice(1) : [shape[3]!, shape[1]!, shape[2]!];
  const size = sidesOf(options.size);
  const crop = sidesOf(options.crop);
  const asked = crop ?? size;
  const resized = crop && (size ?? ([images.height, images.width] as const));
  if (crop && resized && crop.some((length, i) => length > resized[i]!)) {
    throw mismatch(
      `a middle of ${crop.join(" × ")} cannot be cut out of images of ${resized.join(" × ")}`,
      crop,
      `Set ${subject.prefix}size to more than ${subject.prefix}crop.`,
      subject,
    );
  }
  return {
    ...(resized ? { resized } : {}),
    name,
    layout,
    dtype,
    channels: channelsOf(name, channels!, images.channels, subject),
    height: side(name, "height", height!, asked?.[0], images.height, crop ? "crop" : "size", subject),
    width: side(name, "width", width!, asked?.[1], images.width, crop ? "crop" : "size", subject),
  };
}

/** An input [N, F] takes all values of a sample. @throws LimbeckError TEACHER_MISMATCH */
function rowInput(
  { name, dtype, shape }: DeclaredValue,
  { channels, height, width }: ImageGeometry,
  subject: Subject,
): ImageInput {
  const [length, declared] = [channels * height * width, shape![1]!];
  if (typeof declared === "number" && declared !== length) {
    throw mismatch(
      `input ${name} takes rows of ${declared} values, and a sample has ${length}`,
      [declared, length],
      "Use a classifier of such samples, or other samples.",
      subject,
    );
  }
  const whole = /^(uint8|int32|int64)$/.test(dtype ?? "") ? (dtype as "uint8" | "int32" | "int64") : undefined;
  if (!whole && !/^(float(16|32)|bfloat16)$/.test(dtype ?? "")) {
    throw mismatch(
      `input ${name} takes rows of ${dtype ?? "no tensor"}, not of numbers`,
      dtype,
      "Use another classifier.",
      subject,
    );
  }
  return { name, layout: "rows", dtype: whole ?? "float32", channels, height, width };
}

/** The name of the output that answers. @throws LimbeckError TEACHER_MISMATCH, or the subject's own code */
export function answerOutput(
  facts: Interface,
  options: Pick<ImageOptions, "output">,
  subject: Subject = TEACHER,
): string {
  if (options.output === undefined) return facts.outputs[0]!.name;
  return chosen(facts.outputs, options.output, "output", subject).name;
}

function chosen(
  all: readonly DeclaredValue[],
  name: string | undefined,
  what: "input" | "output",
  subject: Subject,
): DeclaredValue {
  const names = all.map((value) => value.name).join(", ");
  const found = name === undefined ? all : all.filter((value) => value.name === name);
  if (found.length === 1) return found[0]!;
  const message =
    name === undefined
      ? `${subject.noun} has ${all.length} ${what}s: ${names}`
      : `${subject.noun} has no ${what} "${name}"`;
  throw mismatch(message, name ?? all.length, `Set ${subject.prefix}${what} to one of ${names}.`, subject);
}

type Dimension = number | string;

function layoutOf(name: string, shape: readonly Dimension[], images: ImageGeometry, subject: Subject): "nchw" | "nhwc" {
  const isChannels = (dim: Dimension | undefined) => dim === 1 || dim === 3 || dim === images.channels;
  const [first, last] = [isChannels(shape[1]), isChannels(shape[3])];
  if (first !== last) return first ? "nchw" : "nhwc";
  throw mismatch(
    `it cannot be told where input ${name} [${shape.join(", ")}] has its channels`,
    shape,
    `Set ${subject.prefix}layout to nchw or nhwc.`,
    subject,
  );
}

function channelsOf(name: string, declared: Dimension, own: number, subject: Subject): number {
  const wanted = typeof declared === "number" ? declared : own;
  if (wanted === own || (own === 1 && wanted === 3) || (own === 3 && wanted === 1)) return wanted;
  throw mismatch(
    `input ${name} takes ${wanted} channels, and the images have ${own}`,
    [wanted, own],
    `Only gray becomes color, and color gray: use images, or for ${subject.noun} a file, with the same channels.`,
    subject,
  );
}

function sidesOf(size: ImageOptions["size"]): readonly [number, number] | undefined {
  return typeof size === "number" ? [size, size] : size;
}

function side(
  name: string,
  what: string,
  declared: Dimension,
  asked: number | undefined,
  own: number,
  option: "size" | "crop",
  subject: Subject,
): number {
  if (typeof declared !== "number") return asked ?? own;
  if (asked === undefined || asked === declared) return declared;
  throw mismatch(
    `the file fixes the ${what} of input ${name} at ${declared}, and ${subject.prefix}${option} asks for ${asked}`,
    [declared, asked],
    `Leave ${subject.prefix}${option} out, or export the model with an open size.`,
    subject,
  );
}
