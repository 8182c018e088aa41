import type { Tensor } from "@limbeck/graph";
import { createBatchTarget, fillBatch } from "../data/batches.js";
import { pick, type Split, splitLabels } from "../data/dataset.js";
import { splitStratified } from "../data/split.js";
import type { BatchGraph } from "./batch-graph.js";

const [IMAGES, SHARES] = ["heldOut/images", "heldOut/shares"];
/** All trainings of a run hold out the same samples. */
const SEED = 1;

/** A transfer set in two parts. */
export interface HeldOut {
  /** What models learn from. */
  readonly learned: Split;
  /** What they never learn from. */
  readonly held: Split;
}

/** Sets aside a share of a split, at least one sample, stratified. */
export function holdOut(split: Split, share: number): HeldOut {
  const samples = split.indices.length;
  const held = Math.max(1, Math.round(share * samples));
  const parts = splitStratified(splitLabels(split), { learned: samples - held, held }, SEED);
  return { learned: pick(split, parts.learned), held: pick(split, parts.held) };
}

/** Batches of held-out samples as they are, beside those that models learn from. */
export class HeldOutBatches {
  /** [B, C, H, W] */
  readonly images: Tensor;
  /** Shares of the classes in the labels, [B, K]. */
  readonly shares: Tensor;
  readonly #held: Split;

  constructor({ graph, images }: BatchGraph, held: Split) {
    this.#held = held;
    const [batchSize, ...image] = images.shape;
    const size = Math.min(batchSize!, held.indices.length);
    this.images = graph.input(IMAGES!, "float32", [size, ...image]);
    this.shares = graph.input(SHARES!, "float32", [size, held.dataset.classes.length]);
  }

  /** What a step, counted from 0, feeds: the next samples, and from the first one again. */
  feeds(step: number): Record<string, Float32Array> {
    const [size, classes] = this.shares.shape as [number, number];
    const samples = this.#held.indices.length;
    const order = Uint32Array.from({ length: size }, (_, i) => (step * size + i) % samples);
    const target = createBatchTarget(this.#held.dataset, size);
    fillBatch(this.#held, order, 0, size, target);
    const shares = new Float32Array(size * classes);
    target.labels.forEach((label, i) => {
      shares[i * classes + Number(label)] = 1;
    });
    return { [IMAGES!]: target.images, [SHARES!]: shares };
  }
}
