import { LimbeckError } from "../../support/errors.js";
import { type ImageDataset, MOST_CLASSES } from "../dataset.js";
import { toPlanes } from "../planes.js";
import type { Samples } from "../samples/samples.js";
import { type StoredPlace, StoredSamples } from "../samples/stored.js";
import { damaged, type NpyArray } from "./npy.js";
import type { ArrayLayout } from "./options.js";
import { largeNumpy, type NpyFile, readNumpy } from "./read.js";

interface Labelling {
  readonly labels: string;
  /** Default: their numbers, up to the largest label. */
  readonly classes?: readonly string[] | undefined;
}

/** What of a source stays in its file: arrays of more bytes than this. */
interface Memory {
  readonly memory?: number | undefined;
}

/**
 * Images and their labels out of NumPy's files.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT where a file is damaged, holds no bytes of images, or the two do
 *   not belong together; RECIPE_INVALID where nothing tells which axis has the channels
 */
export function loadImageArrays({
  images: name,
  layout,
  memory,
  ...labelling
}: Labelling & Memory & { readonly images: string; readonly layout?: ArrayLayout | undefined }): ImageDataset {
  const array = openArray(name, memory);
  const { shape, dtype } = array;
  if (dtype !== "u1" || (shape.length !== 3 && shape.length !== 4)) {
    const fix = "Images are bytes (uint8) of 3 or 4 axes; of values from 0 to 1, save (x * 255).astype(numpy.uint8).";
    throw unfit(array, name, "images [N, H, W], [N, H, W, C] or [N, C, H, W] of uint8", fix);
  }
  if (shape.includes(0)) throw damaged(name, `holds no images: its shape is ${shape.join(" × ")}`, shape);
  const size = shape[0]!;
  const channelsAt = shape.length === 3 ? undefined : (layout ?? layoutOf(shape, name));
  const [height, width, channels] =
    channelsAt === "nchw" ? [shape[2]!, shape[3]!, shape[1]!] : [shape[1]!, shape[2]!, shape[3] ?? 1];
  const interleaved = channelsAt === "nhwc" ? channels : 1;
  const length = channels * height * width;
  const pixels =
    "data" in array
      ? inPlanes(array.data as Uint8Array, interleaved, length)
      : stored(array, { kind: "bytes", length, interleaved });
  return { name, size, channels, height, width, pixels, ...labelsOf(labelling, name, size) };
}

/**
 * Rows of numbers and their labels out of NumPy's files. Columns are called 1, 2 and so on.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT where a file is damaged, holds no rows, or the two do not belong
 *   together
 */
export function loadRowArrays({
  rows: name,
  memory,
  ...labelling
}: Labelling & Memory & { readonly rows: string }): ImageDataset {
  const array = openArray(name, memory);
  const { shape } = array;
  if (shape.length !== 2) throw unfit(array, name, "rows [N, columns]", "Save an array of two axes.");
  if (shape.includes(0)) throw damaged(name, `holds no rows: its shape is ${shape.join(" × ")}`, shape);
  const [size, channels] = shape as [number, number];
  const pixels = "data" in array ? Float32Array.from(array.data) : stored(array, { kind: "numbers", length: channels });
  requireFinite(array, pixels, channels, name);
  const columns = Array.from({ length: channels }, (_, c) => String(c + 1));
  return { name, size, channels, height: 1, width: 1, columns, pixels, ...labelsOf(labelling, name, size) };
}

function openArray(name: string, memory = Number.POSITIVE_INFINITY): NpyArray | NpyFile {
  return largeNumpy(name, memory) ?? readNumpy(name);
}

function stored(
  { path, offset, dtype, isLittle, shape }: NpyFile,
  form: Pick<StoredPlace, "kind" | "length" | "interleaved">,
): StoredSamples {
  return new StoredSamples({ path, offset, dtype, isLittle, samples: shape[0]!, ...form });
}

function requireFinite(array: NpyArray | NpyFile, pixels: Samples, channels: number, name: string): void {
  let before = 0;
  for (const part of pixels instanceof StoredSamples ? pixels.parts() : [pixels]) {
    const strange = part.findIndex((value) => !Number.isFinite(value));
    if (strange >= 0) {
      const at = before + strange;
      const place = `row ${Math.floor(at / channels)}, column ${(at % channels) + 1}`;
      const value = "data" in array ? array.data[at] : part[strange];
      throw damaged(name, `has ${value} in ${place}, which is no finite number of 32 bits`, value);
    }
    before += part.length;
  }
}

function labelsOf({ labels: name, classes }: Labelling, of: string, size: number) {
  const { shape, data } = readNumpy(name);
  const isList = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (!isList || data.length !== size) {
    throw damaged(name, `has labels [${shape.join(", ")}], and ${of} has ${size} samples`, shape);
  }
  const most = classes?.length ?? MOST_CLASSES;
  const strange = data.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < most));
  if (strange >= 0) {
    const problem = `gives sample ${strange} the label ${data[strange]}, which is no whole number from 0 to ${most - 1}`;
    throw damaged(name, problem, data[strange]);
  }
  const labels = Uint8Array.from(data);
  return { labels, classes: classes ?? numbered(labels) };
}

function numbered(labels: Uint8Array): string[] {
  const largest = labels.reduce((max, label) => Math.max(max, label), 0);
  return Array.from({ length: largest + 1 }, (_, i) => String(i));
}

/** Where there are 1 or 3 channels, if that is one place only. */
function layoutOf(shape: readonly number[], name: string): ArrayLayout {
  const areChannels = (extent: number | undefined) => extent === 1 || extent === 3;
  const [first, last] = [areChannels(shape[1]), areChannels(shape[3])];
  if (first !== last) return first ? "nchw" : "nhwc";
  const message = `${name} is of ${shape.join(" × ")}, which does not tell where its channels are`;
  throw new LimbeckError("RECIPE_INVALID", message, {
    where: "data.source.layout",
    value: shape,
    fix: "Set data.source.layout to nhwc or nchw.",
  });
}

/** Images whose channels stand in planes. */
function inPlanes(data: Uint8Array, interleaved: number, length: number): Uint8Array {
  if (interleaved === 1) return data;
  const planes = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += length) {
    toPlanes(data.subarray(at, at + length), interleaved, planes.subarray(at, at + length));
  }
  return planes;
}

function unfit({ shape, dtype }: NpyArray | NpyFile, name: string, wanted: string, fix: string): LimbeckError {
  const message = `${name} holds ${dtype} of ${shape.join(" × ") || "no axis"}, not ${wanted}`;
  return new LimbeckError("DATA_CORRUPT", message, { where: name, value: { shape, dtype }, fix });
}
