import { FIT, HEIGHT, WIDTH } from "./facts.js";
import type { ModelInput, Ort, Session, SessionOptions } from "./open.js";
import { resizeChannel } from "./resize.js";

/** Decoded pixels of 0 … 255, row by row: gray, RGB or RGBA, as many values a pixel as `data` has room for. An `ImageData` is one. */
export interface Pixels {
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** An image file's content, such as PNG or JPEG. */
export type Encoded = Uint8Array | ArrayBuffer | Blob;

/** An image: its file, its pixels, or the bare values of its pixels where it has the model's size. */
export type Image = Encoded | Pixels | readonly number[] | Float32Array;

export interface Options {
  /** Decodes image files. Default: the browser's own decoder; Node has none, so that one must be given there. */
  readonly decode?: (file: Encoded) => Promise<Pixels>;
  /** Passed on to ONNX Runtime. */
  readonly session?: SessionOptions;
}

/** A model of images, ready to answer. */
export class ImageModel {
  protected readonly ort: Ort;
  protected readonly session: Session;
  readonly #decode: (file: Encoded) => Promise<Pixels>;

  constructor(ort: Ort, session: Session, decode: (file: Encoded) => Promise<Pixels> = decodeInBrowser) {
    this.ort = ort;
    this.session = session;
    this.#decode = decode;
  }

  /** What the model sees of an image: [3, HEIGHT, WIDTH], red, green and blue, 0 … 1. */
  async prepare(image: Image): Promise<Float32Array> {
    return preprocess(await pixelsOf(image, this.#decode));
  }

  /** The model's input for several images. */
  protected async inputOf(images: readonly Image[]): Promise<ModelInput> {
    const values = new Float32Array(images.length * 3 * HEIGHT * WIDTH);
    for (const [i, image] of images.entries()) values.set(await this.prepare(image), i * 3 * HEIGHT * WIDTH);
    return ["pixel_values", values, [images.length, 3, HEIGHT, WIDTH]];
  }

  /** Frees the model's memory. */
  async release(): Promise<void> {
    await this.session.release();
  }
}

function isEncoded(image: Image): image is Encoded {
  return image instanceof Uint8Array || image instanceof ArrayBuffer || image instanceof Blob;
}

/** The pixels of an image. */
async function pixelsOf(image: Image, decode: (file: Encoded) => Promise<Pixels>): Promise<Pixels> {
  if (isEncoded(image)) return decode(image);
  return "width" in image ? image : { data: image, width: WIDTH, height: HEIGHT };
}

/**
 * Pixels as the model takes them, [3, HEIGHT, WIDTH] of 0 … 1. Gray becomes three equal channels, transparency is left out, and
 * other sizes are brought to the model's as FIT says, bilinear and smoothed.
 */
export function preprocess({ data, width, height }: Pixels): Float32Array {
  const channels = data.length / (width * height);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new RangeError(
      `${data.length} values are no gray, RGB or RGBA image of ${width} × ${height} pixels; the model takes ${WIDTH} × ${HEIGHT}`,
    );
  }
  const area = HEIGHT * WIDTH;
  const values = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++) {
    const offset = channels === 1 ? 0 : c;
    const at = (place: number) => data[place * channels + offset]! / 255;
    if (width === WIDTH && height === HEIGHT) {
      for (let place = 0; place < area; place++) values[c * area + place] = at(place);
    } else values.set(fitted(at, height, width), c * area);
  }
  return values;
}

/** One channel at the model's size. What is cut off, or padded, is as much on both sides; of an odd number of pixels as sharp does it. */
function fitted(at: (place: number) => number, height: number, width: number): Float32Array {
  const ratios = [HEIGHT / height, WIDTH / width];
  const fit: string = FIT;
  const ratio = fit === "cover" ? Math.max(...ratios) : Math.min(...ratios);
  const sides = [Math.max(1, Math.round(height * ratio)), Math.max(1, Math.round(width * ratio))];
  const [scaledHeight, scaledWidth] = fit === "stretch" ? [HEIGHT, WIDTH] : (sides as [number, number]);
  const scaled = resizeChannel(at, [height, width], [scaledHeight, scaledWidth]);
  const [top, left] = [Math.ceil((scaledHeight - HEIGHT) / 2), Math.ceil((scaledWidth - WIDTH) / 2)];
  const values = new Float32Array(HEIGHT * WIDTH);
  for (let y = Math.max(0, -top); y < HEIGHT && y + top < scaledHeight; y++) {
    for (let x = Math.max(0, -left); x < WIDTH && x + left < scaledWidth; x++) {
      values[y * WIDTH + x] = scaled[(y + top) * scaledWidth + x + left]!;
    }
  }
  return values;
}

/** The parts of a browser that decoding takes; named here, so that this file asks for no DOM types. */
interface Browser {
  createImageBitmap?(image: Blob): Promise<{ readonly width: number; readonly height: number; close(): void }>;
  OffscreenCanvas?: new (
    width: number,
    height: number,
  ) => {
    getContext(kind: "2d"): {
      drawImage(image: object, x: number, y: number): void;
      getImageData(x: number, y: number, width: number, height: number): Pixels;
    };
  };
}

async function decodeInBrowser(file: Encoded): Promise<Pixels> {
  const { createImageBitmap, OffscreenCanvas } = globalThis as unknown as Browser;
  if (!createImageBitmap || !OffscreenCanvas) {
    throw new TypeError("nothing here decodes image files: pass pixels, or load(ort, model, { decode })");
  }
  const bitmap = await createImageBitmap(file instanceof Blob ? file : new Blob([file as ArrayBuffer]));
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}
