import { createHash } from "node:crypto";
import { type Split, sampleLength } from "./dataset.js";

/** How many samples of `test` are, value by value, samples of `train` too. Labels are not looked at. */
export function countShared(train: Split, test: Split): number {
  const known = new Set(contents(train));
  let shared = 0;
  for (const content of contents(test)) if (known.has(content)) shared++;
  return shared;
}

/** A hash of each sample's values. */
function* contents({ dataset, indices }: Split): Generator<string> {
  const length = sampleLength(dataset);
  for (const index of indices) {
    const values = dataset.pixels.subarray(index * length, (index + 1) * length);
    yield createHash("sha256").update(values).digest("base64");
  }
}
