import { constants, gunzipSync } from "node:zlib";
import { LimbeckError } from "../support/errors.js";
import { readBytes } from "../support/files.js";
import type { ImageDataset } from "./dataset.js";

/** The largest idx file accepted, uncompressed, in bytes: 1 GiB. */
export const IDX_LIMIT: number = 2 ** 30;

/** An idx file's content: `data.length` is the product of `shape`. */
export interface IdxArray {
  readonly shape: number[];
  readonly data: Uint8Array;
}

/** How {@link loadIdxPair} names what it reads. */
export interface IdxPairOptions {
  readonly name: string;
  /** Class names; by default "0", "1", … up to the largest label. */
  readonly classes?: readonly string[];
}

const UNSIGNED_BYTE = 0x08;
const TYPES: Readonly<Record<number, string>> = {
  [UNSIGNED_BYTE]: "unsigned byte",
  9: "signed byte",
  11: "16-bit integer",
  12: "32-bit integer",
  13: "32-bit float",
  14: "64-bit float",
};

/** Enough of a gzip file to hold any idx header: at most 4 + 4 · 255 bytes. */
const PEEK = 4096;

/**
 * Reads an idx file (format: https://yann.lecun.com/exdb/mnist/), plain or gzip, told apart by their first bytes. Memory
 * stays within what the header announces and {@link IDX_LIMIT}, whatever the gzip stream would expand to.
 * @param path names the file in errors.
 * @returns unsigned bytes; a view of `bytes` where these were not compressed.
 * @throws LimbeckError DATA_CORRUPT: not idx, another element type, damaged, cut short or too long.
 */
export function parseIdx(bytes: Uint8Array, path: string): IdxArray {
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const head = compressed
    ? gunzip(bytes.subarray(0, PEEK), IDX_LIMIT, path, { finishFlush: constants.Z_SYNC_FLUSH })
    : bytes;
  const { shape, offset, length } = parseHeader(head, path);
  const whole = compressed ? gunzip(bytes, offset + length + 1, path) : bytes;
  if (whole.length !== offset + length) {
    const problem = whole.length < offset + length ? "is cut short" : "is too long";
    const expected = `its header announces ${shape.join(" × ")} values, ${offset + length} bytes`;
    throw corrupt(path, `${problem}: ${expected}, and it holds ${whole.length}`, whole.length);
  }
  return { shape, data: whole.subarray(offset) };
}

/**
 * Reads a file of images `[N, height, width]` and the file of their labels `[N]`, as MNIST and its successors publish
 * them.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, or DATA_CORRUPT where a file is damaged, the two do not belong
 *   together, or a label has no class.
 */
export function loadIdxPair(imagesPath: string, labelsPath: string, options: IdxPairOptions): ImageDataset {
  const images = parseIdx(readBytes(imagesPath), imagesPath);
  const labels = parseIdx(readBytes(labelsPath), labelsPath);
  requireRank(images, 3, "images [N, height, width]", imagesPath);
  requireRank(labels, 1, "labels [N]", labelsPath);
  const [size = 0, height = 0, width = 0] = images.shape;
  if (images.data.length === 0) throw corrupt(imagesPath, "holds no images", images.shape);
  if (labels.data.length !== size) {
    const counts = `${labels.data.length} labels for the ${size} images of ${imagesPath}`;
    throw corrupt(labelsPath, `does not belong to the images: it holds ${counts}`, labels.data.length);
  }
  const classes = options.classes ?? numberedClasses(labels.data);
  requireLabels(labels.data, classes.length, labelsPath);
  const { name } = options;
  return { name, size, channels: 1, height, width, classes, pixels: images.data, labels: labels.data };
}

interface Header {
  readonly shape: number[];
  /** Where the data begin, and how many bytes they must be. */
  readonly offset: number;
  readonly length: number;
}

function parseHeader(bytes: Uint8Array, path: string): Header {
  if (bytes.length < 4) throw corrupt(path, "is cut short: it ends before its magic number", bytes.length);
  const [zero0, zero1, type = 0, rank = 0] = bytes;
  if (zero0 !== 0 || zero1 !== 0 || !(type in TYPES)) {
    const magic = Buffer.from(bytes.subarray(0, 4)).toString("hex");
    throw corrupt(path, `is not an idx file: it begins with 0x${magic}, not with 0x000008 and a rank`, magic);
  }
  if (type !== UNSIGNED_BYTE) {
    throw corrupt(path, `holds ${TYPES[type]} values (type ${type}); only unsigned byte (type 8) can be read`, type);
  }
  const offset = 4 + 4 * rank;
  if (rank === 0) throw corrupt(path, "has rank 0: it holds no list of samples", rank);
  if (bytes.length < offset) throw corrupt(path, `is cut short: it ends within its ${rank} dimensions`, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const length = shape.reduce((product, extent) => product * extent, 1);
  if (length > IDX_LIMIT) {
    throw corrupt(path, `announces ${shape.join(" × ")} values, more than the limit of ${IDX_LIMIT} bytes`, shape);
  }
  return { shape, offset, length };
}

function gunzip(bytes: Uint8Array, limit: number, path: string, options: { finishFlush?: number } = {}): Uint8Array {
  try {
    return gunzipSync(bytes, { ...options, maxOutputLength: limit });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const tooLong = code === "ERR_BUFFER_TOO_LARGE";
    const problem = tooLong ? "is too long: it expands to more than its header announces" : `is damaged: ${message}`;
    throw corrupt(path, problem, code, error);
  }
}

function requireRank(array: IdxArray, rank: number, what: string, path: string): void {
  if (array.shape.length === rank) return;
  throw corrupt(path, `does not hold ${what}: its shape is [${array.shape.join(", ")}]`, array.shape);
}

function requireLabels(labels: Uint8Array, classes: number, path: string): void {
  const index = labels.findIndex((label) => label >= classes);
  if (index < 0) return;
  const problem = `gives sample ${index} the label ${labels[index]}, but there are only ${classes} classes`;
  throw corrupt(path, problem, labels[index]);
}

function numberedClasses(labels: Uint8Array): string[] {
  const largest = labels.reduce((max, label) => Math.max(max, label), 0);
  return Array.from({ length: largest + 1 }, (_, i) => String(i));
}

function corrupt(path: string, problem: string, value: unknown, cause?: unknown): LimbeckError {
  const fix = "Delete the file and get it again from where it was published.";
  return new LimbeckError("DATA_CORRUPT", `${path} ${problem}`, { value, where: path, fix, cause });
}
