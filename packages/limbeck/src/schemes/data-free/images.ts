import { type RandomStream, randomStream, sizeOf } from "@limbeck/graph";
import { batchesPerEpoch, createBatchTarget, epochOrder, fillBatch } from "../../data/batches.js";
import type { Split } from "../../data/dataset.js";
import type { Synthesizer } from "../../data/synthesis/copula.js";
import { normalNumber } from "../../support/normal.js";
import type { Spread } from "./spread.js";

/** What a student sees in place of generated images, to compare with. */
export type ControlImages = { readonly kind: "noise" } | { readonly kind: "related"; readonly split: Split };

/** Fills an array for one run of a program: the step, and which run of the step it is. */
export type Fill = (target: Float32Array, step: number, repeat: number) => void;

/** Normal numbers, drawn anew for every run from seed, name, step and run. */
export function normalFill(seed: number, name: string): Fill {
  return (target, step, repeat) => fillNormal(target, randomStream(seed, name, step, repeat));
}

export function fillNormal(target: Float32Array, stream: RandomStream): void {
  for (let i = 0; i < target.length; i++) target[i] = normalNumber(stream);
}

/** Samples that are drawn anew for every run. */
export function synthesizedFill(seed: number, draw: Synthesizer): Fill {
  return (target, step, repeat) => draw(target, randomStream(seed, "synthesis", step, repeat));
}

/** Normal noise with the statistics that generated images have. */
export function noiseFill(seed: number, { mean, std }: Spread, split: Split): Fill {
  const { channels, height, width } = split.dataset;
  const normal = normalFill(seed, "noise");
  const of = (values: number | readonly number[], channel: number) =>
    typeof values === "number" ? values : values[channel]!;
  return (target, step, repeat) => {
    normal(target, step, repeat);
    for (let i = 0; i < target.length; i++) {
      const channel = Math.floor(i / (height * width)) % channels;
      target[i] = of(mean, channel) + of(std, channel) * target[i]!;
    }
  };
}

/** Real images, in one random order after another. @param repeats runs of a step */
export function relatedFill(seed: number, split: Split, batchSize: number, repeats: number): Fill {
  const batches = batchesPerEpoch(split.indices.length, batchSize);
  const batch = createBatchTarget(split.dataset, batchSize);
  let known: { readonly pass: number; readonly order: Uint32Array } | undefined;
  return (target, step, repeat) => {
    const run = step * repeats + repeat;
    const pass = Math.floor(run / batches);
    if (known?.pass !== pass) known = { pass, order: epochOrder(split.indices.length, seed, pass) };
    fillBatch(split, known.order, run % batches, batchSize, batch);
    target.set(batch.images);
  };
}

/** Feeds an input with an array that each run fills anew. */
export function feeding(name: string, shape: readonly number[], fill: Fill) {
  const target = new Float32Array(sizeOf(shape));
  return (step: number, repeat: number): Record<string, Float32Array> => {
    fill(target, step, repeat);
    return { [name]: target };
  };
}
