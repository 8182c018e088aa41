import { batchesOf } from "../data/batches.js";
import { sampleName } from "../data/dataset.js";
import { drawSubset } from "../data/split.js";
import { CALIBRATION_BATCH } from "../quantize/calibrate.js";
import type { Recipe } from "../recipe/schema.js";
import { OFFLINE } from "../recipe/schemes/index.js";
import { loadSamples } from "../runs/samples.js";
import { inputChannels, inputName } from "./model.js";
import type { Feed } from "./variants/variant.js";

/**
 * Training samples as the exported model takes them, drawn by the run's seed, for variants that measure what flows through it.
 * @param count how many; fewer where there are not as many
 * @throws LimbeckError as `loadSamples` does: the run's data must be there
 */
export async function* modelFeeds(
  recipe: Recipe,
  count: number,
  signal: AbortSignal,
): AsyncGenerator<Readonly<Record<string, Feed>>> {
  const { train } = await loadSamples({ ...recipe, scheme: OFFLINE }, signal);
  const split = drawSubset(train, Math.min(count, train.indices.length), recipe.seed);
  const { channels, height, width } = split.dataset;
  const kind = sampleName(split.dataset);
  const given = inputChannels({ kind, channels });
  const numbers = (values: Float32Array, samples: number): Feed => {
    const data = given === channels ? values : inColors(values, height * width);
    return { dtype: "float32", data, dims: [samples, given, height, width] };
  };
  for (const { count: samples, images } of batchesOf(split, CALIBRATION_BATCH)) {
    const values = images.slice();
    yield { [inputName({ kind })]: kind === "text" ? tokens(values, samples) : numbers(values, samples) };
  }
}

/** Bytes of texts as token numbers. */
function tokens(bytes: Float32Array, samples: number): Feed {
  const data = BigInt64Array.from(bytes, (byte) => BigInt(byte));
  return { dtype: "int64", data, dims: [samples, bytes.length / samples] };
}

/** Gray images [n, 1, area] as [n, 3, area]. */
function inColors(gray: Float32Array, area: number): Float32Array {
  const colors = new Float32Array(3 * gray.length);
  for (let start = 0; start < gray.length; start += area) {
    const image = gray.subarray(start, start + area);
    for (let c = 0; c < 3; c++) colors.set(image, 3 * start + c * area);
  }
  return colors;
}
