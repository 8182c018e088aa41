import { permutation, randomStream } from "@limbeck/graph";

export const PIXELS: number = 28 * 28;

export interface Digits {
  readonly size: number;
  /** [size, 784], 0 … 1. */
  readonly images: Float32Array;
  readonly labels: BigInt64Array;
}

export interface Split {
  /** What the teacher learns from. */
  readonly teacher: Digits;
  /** The few of them that students learn from. */
  readonly transfer: Digits;
  /** Held out: nobody learns from it. */
  readonly test: Digits;
}

const TEST = 2000;
const TRANSFER = 2000;
const SEED = 1;

/** Loads the packed digits and splits them, the same way every time. */
export async function loadDigits(url: string): Promise<Split> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`The digits could not be loaded: ${response.status} ${url}`);
  const unpacked = response.body.pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(unpacked).arrayBuffer());
  const order = permutation(bytes.length / (PIXELS + 1), randomStream(SEED, "split"));
  const teacher = order.subarray(TEST);
  return {
    test: pick(bytes, order.subarray(0, TEST)),
    teacher: pick(bytes, teacher),
    transfer: pick(bytes, teacher.subarray(0, TRANSFER)),
  };
}

function pick(bytes: Uint8Array, rows: Uint32Array): Digits {
  const images = new Float32Array(rows.length * PIXELS);
  const labels = new BigInt64Array(rows.length);
  rows.forEach((row, i) => {
    const start = row * (PIXELS + 1);
    labels[i] = BigInt(bytes[start]!);
    for (let pixel = 0; pixel < PIXELS; pixel++) images[i * PIXELS + pixel] = bytes[start + 1 + pixel]! / 255;
  });
  return { size: rows.length, images, labels };
}

/** Endless batches of row numbers, in a new order every epoch. */
export function* batches(size: number, batch: number, name: string): Generator<Uint32Array, never> {
  for (let epoch = 0; ; epoch++) {
    const order = permutation(size, randomStream(SEED, name, epoch));
    for (let start = 0; start + batch <= size; start += batch) yield order.subarray(start, start + batch);
  }
}

/** Copies rows of `width` values. */
export function rowsOf<Values extends Float32Array | BigInt64Array>(
  values: Values,
  rows: Uint32Array,
  width: number,
): Values {
  const target = values.slice(0, rows.length * width) as Values;
  rows.forEach((row, i) => {
    target.set(values.subarray(row * width, (row + 1) * width) as never, i * width);
  });
  return target;
}
