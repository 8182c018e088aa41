import { Breath } from "../../support/timer.js";
import type { Split } from "../dataset.js";
import { sampleAt } from "../samples/samples.js";
import { differenceHash, HASH_GRID } from "./difference-hash.js";
import { searchHashes } from "./hash-search.js";
import { Details } from "./likeness.js";
import { type LumaGrid, lumaGrid } from "./luma.js";

/** Bits by which hashes of near duplicates differ at most, of 64; how it was chosen is in docs/doctor.md. */
const MOST_BITS = 6;

/** Correlation of details that near duplicates have at least; how it was chosen is in docs/doctor.md. */
export const LEAST_LIKENESS = 0.98;

/** Standard deviation of luma over the hash's grid below which an image is flat: its hash would be noise. */
const FLAT = 2;

/** An image for testing that is nearly one of those that are learned from. */
export interface NearDuplicate {
  /** Position in the test data set. */
  readonly test: number;
  /** Position in the training data set of the image that is most like it. */
  readonly train: number;
  /** Correlation of details, up to 1. */
  readonly likeness: number;
}

export interface NearDuplicates {
  /** One for each image for testing that has a near duplicate, the most alike first. */
  readonly pairs: readonly NearDuplicate[];
  /** Images for testing of one plain color or nearly so, which are not compared. */
  readonly flat: number;
}

/**
 * Images for testing that are nearly images to learn from: scaled, compressed, blurred, or of another brightness, but neither
 * turned nor cropped. Hashes propose pairs, and the correlation of details decides; the same data always give the same pairs.
 * @param train bytes of images
 * @param test likewise, of the same size
 * @throws the signal's reason
 */
export async function findNearDuplicates(train: Split, test: Split, signal: AbortSignal): Promise<NearDuplicates> {
  const breath = new Breath();
  const pause = async () => {
    await breath.take();
    signal.throwIfAborted();
  };
  const [learned, tested] = [await lookAt(train, pause), await lookAt(test, pause)];
  const pairs: NearDuplicate[] = [];
  for (const [query, place] of tested.places.entries()) {
    await pause();
    let best: NearDuplicate | undefined;
    searchHashes(learned.hashes, [tested.hashes[2 * query]!, tested.hashes[2 * query + 1]!], MOST_BITS, (position) => {
      const known = learned.places[position]!;
      const likeness = tested.details.likeness(place, learned.details, known, LEAST_LIKENESS);
      if (likeness < LEAST_LIKENESS || (best && likeness <= best.likeness)) return;
      best = { test: test.indices[place]!, train: train.indices[known]!, likeness };
    });
    if (best) pairs.push(best);
  }
  pairs.sort((a, b) => b.likeness - a.likeness || a.test - b.test);
  return { pairs, flat: test.indices.length - tested.places.length };
}

interface Seen {
  /** Places in the split of images that are not flat. */
  readonly places: readonly number[];
  /** Their hashes, two words each. */
  readonly hashes: Int32Array;
  readonly details: Details;
}

async function lookAt(split: Split, pause: () => Promise<void>): Promise<Seen> {
  const { dataset, indices } = split;
  const gridOf = lumaGrid(dataset, ...HASH_GRID);
  const details = new Details(split);
  const places: number[] = [];
  const words: number[] = [];
  for (const [place, sample] of indices.entries()) {
    await pause();
    const grid = gridOf(sampleAt(dataset, sample) as Uint8Array, 0);
    if (contrast(grid) < FLAT) continue;
    places.push(place);
    words.push(...differenceHash(grid));
    details.add(place);
  }
  return { places, hashes: Int32Array.from(words), details };
}

function contrast(grid: ReturnType<LumaGrid>): number {
  const mean = grid.reduce((a, b) => a + b, 0) / grid.length;
  return Math.sqrt(grid.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grid.length);
}
