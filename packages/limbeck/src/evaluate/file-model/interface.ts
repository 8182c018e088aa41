import { type ImageGeometry, sampleLength } from "../../data/dataset.js";
import {
  answerOutput,
  chosenInput,
  type ImageInput,
  type Interface,
  imageInput,
  mismatch,
  type Subject,
} from "../../teachers/onnx/interface.js";
import type { OnnxTeacherOptions } from "../../teachers/onnx/options.js";

/** What is said of a model's file: all of it is optional. */
export type FileModelOptions = Partial<Omit<OnnxTeacherOptions, "onnx">>;

/** How samples go into a model, and where its answers come out. */
export interface SampleInput {
  readonly name: string;
  readonly dtype: "float32" | "float16" | "uint8";
  /** Without the axis of samples. */
  readonly shape: readonly number[];
  /** Of images; null where numbers are fed as they are. */
  readonly image: ImageInput | null;
  /** Samples that it always takes at once; null where it takes any number. */
  readonly batch: number | null;
  readonly output: string;
}

/** How errors speak of a model that is evaluated. */
export function subjectOf(name: string): Subject {
  return { code: "MODEL_MISMATCH", noun: name, where: name, prefix: "" };
}

/** @throws LimbeckError MODEL_MISMATCH */
export function sampleInput(
  facts: Interface,
  options: FileModelOptions,
  samples: ImageGeometry,
  name: string,
): SampleInput {
  const subject = subjectOf(name);
  const input = chosenInput(facts, options, subject);
  const output = answerOutput(facts, options, subject);
  const first = input.shape?.[0];
  const batch = typeof first === "number" ? first : null;
  const whole = { name: input.name, batch, output };
  if (input.shape?.length !== 4) return { ...whole, ...plainInput(input, samples, subject), image: null };
  const image = imageInput(facts, options, samples, subject);
  const dtype = image.dtype === "uint8" ? "uint8" : input.dtype === "float16" ? "float16" : "float32";
  if (input.dtype === "bfloat16") {
    throw mismatch(
      `${name}: input ${input.name} takes bfloat16, which JavaScript has no numbers for`,
      input.dtype,
      "Export it with float32 inputs.",
      subject,
    );
  }
  const own = [image.channels, image.height, image.width];
  const shape = image.layout === "nchw" ? own : [image.height, image.width, image.channels];
  return { ...whole, dtype, shape, image };
}

type Declared = Interface["inputs"][number];

/** Of inputs that are no images: numbers of a sample, in their order. */
function plainInput({ name, dtype, shape }: Declared, samples: ImageGeometry, subject: Subject) {
  const length = sampleLength(samples);
  if (dtype !== "float32" && dtype !== "float16") {
    const fix = "Use a classifier of images or of rows of numbers.";
    throw mismatch(`${subject.noun}: input ${name} takes ${dtype ?? "no tensor"}, not numbers`, dtype, fix, subject);
  }
  const axes = (shape ?? []).slice(1);
  const open = axes.filter((size) => typeof size !== "number").length;
  const known = axes.reduce<number>((product, size) => (typeof size === "number" ? product * size : product), 1);
  if (axes.length > 0 && (open === 0 ? known === length : open === 1 && length % known === 0)) {
    return { dtype, shape: axes.map((size) => (typeof size === "number" ? size : length / known)) } as const;
  }
  throw mismatch(
    `${subject.noun}: input ${name} has shape [${shape?.join(", ") ?? "?"}], and a sample has ${length} numbers`,
    shape,
    "Use a classifier of such samples.",
    subject,
  );
}
