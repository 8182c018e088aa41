import { ops, type Tensor } from "@limbeck/graph";
import { LUMA } from "../../data/augment/luma.js";
import { resizeBicubic, resizeBilinear } from "../../models/resize.js";
import { type ImageInput, mismatch, type Subject, TEACHER } from "./interface.js";
import type { ImageOptions } from "./options.js";

/** Turns a run's images into what a model takes. @param images [N, C, H, W], values 0 … 1 */
export function preprocess(
  images: Tensor,
  input: ImageInput,
  options: Pick<ImageOptions, "range" | "mean" | "std" | "resample" | "order">,
  subject: Subject = TEACHER,
): Tensor {
  const { height, width, channels } = input;
  const resize = options.resample === "bicubic" ? resizeBicubic : resizeBilinear;
  const resized = resize(withChannels(images, channels), ...(input.resized ?? ([height, width] as const)));
  const sized = inOrder(middle(resized, height, width), options.order);
  const [black, white] = options.range ?? (input.dtype === "uint8" ? [0, 255] : [0, 1]);
  const scaled = black === 0 && white === 1 ? sized : ops.add(ops.mul(sized, white - black), black);
  const centered =
    options.mean === undefined ? scaled : ops.sub(scaled, channelwise(scaled, options.mean, "mean", subject));
  const ready =
    options.std === undefined ? centered : ops.div(centered, channelwise(scaled, options.std, "std", subject));
  return inWholes(inPlace(ready, input), input);
}

function inPlace(x: Tensor, { layout }: ImageInput): Tensor {
  if (layout === "nchw") return x;
  return layout === "nhwc" ? ops.transpose(x, [0, 2, 3, 1]) : ops.flatten(x);
}

function inWholes(x: Tensor, { dtype }: ImageInput): Tensor {
  if (dtype === "float32") return x;
  if (dtype === "uint8") return ops.cast(ops.clip(ops.add(x, 0.5), 0, 255.5), "uint8");
  return ops.cast(ops.round(x), dtype);
}

/** The middle of maps; of an odd remainder, one more is cut off behind than in front. */
function middle(x: Tensor, height: number, width: number): Tensor {
  const [, , fromHeight, fromWidth] = x.shape as [number, number, number, number];
  if (fromHeight === height && fromWidth === width) return x;
  const [top, left] = [Math.floor((fromHeight - height) / 2), Math.floor((fromWidth - width) / 2)];
  return ops.slice(x, [top, left], [top + height, left + width], [2, 3]);
}

function inOrder(x: Tensor, order: ImageOptions["order"]): Tensor {
  return order === "bgr" && x.shape[1] === 3 ? ops.gather(x, x.graph.ints([2, 1, 0]), 1) : x;
}

function withChannels(images: Tensor, channels: number): Tensor {
  const own = images.shape[1]!;
  if (own === channels) return images;
  if (own === 1) return ops.concat(new Array<Tensor>(channels).fill(images), 1);
  return ops.conv(images, images.graph.constant("float32", [1, 3, 1, 1], [...LUMA]));
}

/** One number for each channel, [1, C, 1, 1]. @throws LimbeckError TEACHER_MISMATCH, or the subject's own code */
function channelwise(x: Tensor, values: number | readonly number[], what: string, subject: Subject): Tensor {
  const channels = x.shape[1]!;
  const all = typeof values === "number" ? new Array<number>(channels).fill(values) : values;
  if (all.length === channels) return x.graph.constant("float32", [1, channels, 1, 1], all);
  throw mismatch(
    `${subject.prefix}${what} has ${all.length} numbers, and ${subject.noun} takes ${channels} channels`,
    values,
    "Give one number, or one for each channel.",
    subject,
  );
}
