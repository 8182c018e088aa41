import { createHash } from "node:crypto";
import type { Split } from "./dataset.js";
import { sampleAt } from "./samples/samples.js";

/** How many samples of `test` are, value by value, samples of `train` too. Labels are not looked at. */
export function countShared(train: Split, test: Split): number {
  const known = new Set(contents(train));
  let shared = 0;
  for (const content of contents(test)) if (known.has(content)) shared++;
  return shared;
}

/** A hash of each sample's values. */
function* contents({ dataset, indices }: Split): Generator<string> {
  for (const index of indices) yield createHash("sha256").update(sampleAt(dataset, index)).digest("base64");
}
