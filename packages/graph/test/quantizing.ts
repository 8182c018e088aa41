import {
  exposeValues,
  quantizeStatic,
  type Range,
  type StaticOptions,
  sizeOf,
  valuesToCalibrate,
} from "../src/index.js";
import { nodeBackend } from "../src/runtime/node.js";

/** Numbers without an order. */
export const wave = (shape: readonly number[], step: number, scale = 1): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * Math.sin(step * (i + 1)));

/** What a file is asked by its input, `x` where that is not named. */
export interface Asked {
  readonly input?: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Values of a file, by name. */
export async function run(file: Uint8Array, { input = "x", shape, data }: Asked, names: readonly string[]) {
  const session = await nodeBackend.createSession(file, { threads: 1 });
  const results = await session.run({ [input]: nodeBackend.tensor("float32", data, shape) }, [...names]);
  await session.release();
  return new Map(names.map((name) => [name, results[name]!.data as Float32Array]));
}

/** Extremes of all values that a static quantization asks for. */
export async function rangesOf(file: Uint8Array, asked: Asked): Promise<Map<string, Range>> {
  const { input = "x", data } = asked;
  const names = valuesToCalibrate(file).filter((name) => name !== input);
  const found = names.length > 0 ? await run(exposeValues(file, names), asked, names) : new Map();
  found.set(input, data);
  const least = (values: Float32Array) => values.reduce((a, b) => Math.min(a, b));
  const most = (values: Float32Array) => values.reduce((a, b) => Math.max(a, b));
  return new Map([...found].map(([name, values]) => [name, { min: least(values), max: most(values) }]));
}

/** A file in 8 bits, with the ranges that its values have on some samples. */
export async function quantized(file: Uint8Array, asked: Asked, options: StaticOptions = {}): Promise<Uint8Array> {
  return quantizeStatic(file, await rangesOf(file, asked), options);
}
