import { exposeValues, type Range, sizeOf, valuesToCalibrate } from "../src/index.js";
import { nodeBackend } from "../src/runtime/node.js";

/** Numbers without an order. */
export const wave = (shape: readonly number[], step: number, scale = 1): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * Math.sin(step * (i + 1)));

/** What a file with an input `x` is asked. */
export interface Asked {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Values of a file, by name. */
export async function run(file: Uint8Array, { shape, data }: Asked, names: readonly string[]) {
  const session = await nodeBackend.createSession(file, { threads: 1 });
  const results = await session.run({ x: nodeBackend.tensor("float32", data, shape) }, [...names]);
  await session.release();
  return new Map(names.map((name) => [name, results[name]!.data as Float32Array]));
}

/** Extremes of all values that a static quantization asks for. */
export async function rangesOf(file: Uint8Array, asked: Asked): Promise<Map<string, Range>> {
  const names = valuesToCalibrate(file).filter((name) => name !== "x");
  const found = names.length > 0 ? await run(exposeValues(file, names), asked, names) : new Map();
  found.set("x", asked.data);
  return new Map([...found].map(([name, data]) => [name, { min: Math.min(...data), max: Math.max(...data) }]));
}
