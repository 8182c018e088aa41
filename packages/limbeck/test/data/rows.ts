import { randomStream } from "@limbeck/graph";
import type { ImageDataset, Split } from "../../src/data/dataset.js";
import { measureMoments } from "../../src/data/moments/measure.js";
import type { Moments } from "../../src/data/moments/moments.js";
import { normalNumber } from "../../src/support/normal.js";

/** Samples of numbers [columns, length] each. */
export function datasetOf(values: readonly number[], columns: number, length = 1): ImageDataset {
  const size = values.length / columns / length;
  return {
    name: "numbers",
    size,
    channels: columns,
    height: 1,
    width: length,
    classes: ["no", "yes"],
    columns: Array.from({ length: columns }, (_, c) => `column ${c + 1}`),
    pixels: Float32Array.from(values),
    labels: Uint8Array.from({ length: size }, (_, i) => i % 2),
  };
}

export function splitOf(dataset: ImageDataset): Split {
  return { dataset, indices: Uint32Array.from({ length: dataset.size }, (_, i) => i) };
}

/** Rows of a skewed column, one that falls with it, and one of 0, 1 or 2. */
export function skewedRows(size: number, seed = 1): { readonly split: Split; readonly moments: Moments } {
  const random = randomStream(seed);
  const rows = Array.from({ length: size }, () => {
    const z = normalNumber(random);
    return [Math.exp(z), 100 - 5 * z + 3 * normalNumber(random), random.below(3)];
  });
  const split = splitOf(datasetOf(rows.flat(), 3));
  return { split, moments: measureMoments(split) };
}
