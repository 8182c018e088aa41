import type { DeclaredValue, ModelInspection } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";
import { LimbeckError } from "../../support/errors.js";
import type { ImageOptions } from "./options.js";

/** How images must be for a model that is read from a file. */
export interface ImageInput {
  readonly name: string;
  readonly layout: "nchw" | "nhwc";
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** What images are resized to before the middle of them is cut out: height and width. Default: the input's own. */
  readonly resized?: readonly [number, number];
  /** Bytes are fed as such, after rounding. */
  readonly dtype: "float32" | "uint8";
}

/** @throws LimbeckError TEACHER_MISMATCH */
export function mismatch(message: string, value: unknown, fix: string): LimbeckError {
  return new LimbeckError("TEACHER_MISMATCH", message, { where: "teacher", value, fix });
}

/** Of a model's inputs, the one that takes images, and how. @throws LimbeckError TEACHER_MISMATCH */
export function imageInput(facts: ModelInspection, options: ImageOptions, images: ImageGeometry): ImageInput {
  const input = chosen(facts.inputs, options.input, "input");
  const { name, shape } = input;
  const dtype = input.dtype === "uint8" ? "uint8" : "float32";
  if (!/^(float(16|32)|bfloat16|uint8)$/.test(input.dtype ?? "")) {
    throw mismatch(
      `input ${name} takes ${input.dtype ?? "no tensor"}, not images`,
      input.dtype,
      "Use a classifier of images.",
    );
  }
  if (shape?.length !== 4) {
    throw mismatch(
      `input ${name} has shape [${shape?.join(", ") ?? "?"}]; images have four axes`,
      shape,
      "Use a classifier of images [N, C, H, W] or [N, H, W, C].",
    );
  }
  const layout = options.layout ?? layoutOf(name, shape, images);
  const [channels, height, width] = layout === "nchw" ? shape.slice(1) : [shape[3]!, shape[1]!, shape[2]!];
  const size = sidesOf(options.size);
  const crop = sidesOf(options.crop);
  const asked = crop ?? size;
  const resized = crop && (size ?? ([images.height, images.width] as const));
  if (crop && resized && crop.some((length, i) => length > resized[i]!)) {
    throw mismatch(
      `a middle of ${crop.join(" × ")} cannot be cut out of images of ${resized.join(" × ")}`,
      crop,
      "Set teacher.size to more than teacher.crop.",
    );
  }
  return {
    ...(resized ? { resized } : {}),
    name,
    layout,
    dtype,
    channels: channelsOf(name, channels!, images.channels),
    height: side({ name, what: "height", option: crop ? "crop" : "size" }, height!, asked?.[0], images.height),
    width: side({ name, what: "width", option: crop ? "crop" : "size" }, width!, asked?.[1], images.width),
  };
}

/** The name of the output that answers. @throws LimbeckError TEACHER_MISMATCH */
export function answerOutput(facts: ModelInspection, options: ImageOptions): string {
  if (options.output === undefined) return facts.outputs[0]!.name;
  return chosen(facts.outputs, options.output, "output").name;
}

function chosen(all: readonly DeclaredValue[], name: string | undefined, what: "input" | "output"): DeclaredValue {
  const names = all.map((value) => value.name).join(", ");
  const found = name === undefined ? all : all.filter((value) => value.name === name);
  if (found.length === 1) return found[0]!;
  const message =
    name === undefined ? `the teacher has ${all.length} ${what}s: ${names}` : `the teacher has no ${what} "${name}"`;
  throw mismatch(message, name ?? all.length, `Set teacher.${what} to one of ${names}.`);
}

type Dimension = number | string;

function layoutOf(name: string, shape: readonly Dimension[], images: ImageGeometry): "nchw" | "nhwc" {
  const isChannels = (dim: Dimension | undefined) => dim === 1 || dim === 3 || dim === images.channels;
  const [first, last] = [isChannels(shape[1]), isChannels(shape[3])];
  if (first !== last) return first ? "nchw" : "nhwc";
  throw mismatch(
    `it cannot be told where input ${name} [${shape.join(", ")}] has its channels`,
    shape,
    "Set teacher.layout to nchw or nhwc.",
  );
}

function channelsOf(name: string, declared: Dimension, own: number): number {
  const wanted = typeof declared === "number" ? declared : own;
  if (wanted === own || (own === 1 && wanted === 3) || (own === 3 && wanted === 1)) return wanted;
  throw mismatch(
    `input ${name} takes ${wanted} channels, and the images have ${own}`,
    [wanted, own],
    "Only gray becomes color, and color gray: use images or a teacher with the same channels.",
  );
}

function sidesOf(size: ImageOptions["size"]): readonly [number, number] | undefined {
  return typeof size === "number" ? [size, size] : size;
}

interface Side {
  readonly name: string;
  readonly what: string;
  readonly option: string;
}

function side({ name, what, option }: Side, declared: Dimension, asked: number | undefined, own: number): number {
  if (typeof declared !== "number") return asked ?? own;
  if (asked === undefined || asked === declared) return declared;
  throw mismatch(
    `the file fixes the ${what} of input ${name} at ${declared}, and teacher.${option} asks for ${asked}`,
    [declared, asked],
    `Leave teacher.${option} out, or export the model with an open size.`,
  );
}
