import { createHash } from "node:crypto";
import type { Split } from "./dataset.js";
import { sampleAt } from "./samples/samples.js";

/** A sample for testing that equals one to learn from: positions in the two data sets. */
interface EqualPair {
  readonly test: number;
  readonly train: number;
}

/** Samples of `test` that are, value by value, samples of `train` too, one pair for each. Labels are not looked at. */
export function findEqual(train: Split, test: Split): EqualPair[] {
  const known = new Map<string, number>();
  for (const [content, index] of contents(train)) if (!known.has(content)) known.set(content, index);
  return [...contents(test)].flatMap(([content, index]) => {
    const found = known.get(content);
    return found === undefined ? [] : [{ test: index, train: found }];
  });
}

/** A hash of each sample's values, and the sample's position. */
function* contents({ dataset, indices }: Split): Generator<[content: string, index: number]> {
  for (const index of indices) yield [createHash("sha256").update(sampleAt(dataset, index)).digest("base64"), index];
}
