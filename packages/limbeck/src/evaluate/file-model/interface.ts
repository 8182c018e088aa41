import type { ImageGeometry } from "../../data/dataset.js";
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
export type FileModelOptions = Partial<Omit<OnnxTeacherOptions, "onnx" | "sha256" | "classes">> & {
  /** Which of the output's places are the data's classes, in their order. Default: all. */
  readonly classes?: readonly number[] | undefined;
};

/** How samples go into a model, and where its answers come out. */
export interface SampleInput {
  readonly name: string;
  readonly dtype: "float32" | "float16" | "uint8" | "int32" | "int64";
  /** Without the axis of samples. */
  readonly shape: readonly number[];
  /** Of images; null where numbers are fed as they are. */
  readonly image: ImageInput | null;
  /** Samples that it always takes at once; null where it takes any number. */
  readonly batch: number | null;
  readonly output: string;
}

/** Rows and windows have columns. */
export type Samples = ImageGeometry & { readonly columns?: readonly string[] };

/** How errors speak of a model that is evaluated. */
export function subjectOf(name: string): Subject {
  return { code: "MODEL_MISMATCH", noun: name, where: name, prefix: "" };
}

/** @throws LimbeckError MODEL_MISMATCH */
export function sampleInput(facts: Interface, options: FileModelOptions, samples: Samples, name: string): SampleInput {
  const subject = subjectOf(name);
  const input = chosenInput(facts, options, subject);
  const output = answerOutput(facts, options, subject);
  const first = input.shape?.[0];
  const batch = typeof first === "number" ? first : null;
  const whole = { name: input.name, batch, output };
  if (input.shape?.length !== 4 || samples.columns) {
    return { ...whole, ...plainInput(input, options, samples, subject), image: null };
  }
  const image = imageInput(facts, options, samples, subject);
  const dtype = input.dtype === "float16" ? "float16" : image.dtype;
  if (input.dtype === "bfloat16") {
    throw mismatch(
      `input ${input.name} takes bfloat16, which JavaScript has no numbers for`,
      input.dtype,
      "Export it with float32 inputs.",
      subject,
    );
  }
  const own = [image.channels, image.height, image.width];
  const shape = image.layout === "nhwc" ? [image.height, image.width, image.channels] : own;
  return { ...whole, dtype, shape, image };
}

type Declared = Interface["inputs"][number];

/** What is done to images alone. */
const FOR_IMAGES = ["layout", "size", "crop", "resample", "order", "range", "mean", "std"] as const;

/** Of inputs that take a sample's numbers in their order: channels first, with or without places of their own. */
function plainInput({ name, dtype, shape }: Declared, options: FileModelOptions, samples: Samples, subject: Subject) {
  if (dtype !== "float32" && dtype !== "float16" && dtype !== "int32" && dtype !== "int64") {
    const fix = "Use a classifier of images or of rows of numbers.";
    throw mismatch(`input ${name} takes ${dtype ?? "no tensor"}, not numbers`, dtype, fix, subject);
  }
  const given = FOR_IMAGES.find((key) => options[key] !== undefined);
  if (given) {
    const message = `${given} is for images, and input ${name} takes numbers as they are`;
    throw mismatch(message, options[given], `Leave ${given} out.`, subject);
  }
  const { channels, height, width } = samples;
  const length = channels * height * width;
  const axes = (shape ?? []).slice(1);
  const orders = [[length], [channels, height * width], [channels, height, width]];
  const found = orders.find((order) => {
    return order.length === axes.length && axes.every((size, i) => typeof size !== "number" || size === order[i]);
  });
  if (found) return { dtype, shape: found } as const;
  throw mismatch(
    `input ${name} has shape [${shape?.join(", ") ?? "?"}], and a sample has ${channels} × ${height} × ${width} numbers`,
    shape,
    "Use a classifier of such samples.",
    subject,
  );
}
