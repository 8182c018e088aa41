import { randomStream, type Tensor } from "@limbeck/graph";
import type { SampleChanges } from "../data/augment/index.js";
import { type Split, splitLabels } from "../data/dataset.js";
import type { Model } from "../models/model.js";
import { ViewBatches } from "./view-batches.js";

const INPUT = "partnerImages";

/**
 * The student's answers to the partners of a batch's samples, in training mode. Running statistics are those of the first
 * pass alone.
 * @param images the batch, whose shape partners have
 */
export function partnerAnswers(
  model: Model,
  weights: Readonly<Record<string, Tensor>>,
  { graph, shape }: Tensor,
): Tensor {
  return model.forward(graph.input(INPUT, "float32", shape), weights, true).logits;
}

/** For each sample of a batch another one of its class, drawn anew in each epoch; itself where it is the only one. */
export class PartnerBatches {
  readonly #seed: number;
  readonly #batches: ViewBatches;
  readonly #partners: Uint32Array;
  /** Rows of the split by class. */
  readonly #members: ReadonlyMap<number, readonly number[]>;
  readonly #labels: Uint8Array;
  /** Each row's place among its class's. */
  readonly #places: Uint32Array;

  constructor(split: Split, batchSize: number, changes: SampleChanges, seed: number) {
    this.#seed = seed;
    // Partners are seen in views of their own, numbered downwards from -1.
    this.#batches = new ViewBatches(split, batchSize, { changes, seed, viewOf: (epoch) => -1 - epoch });
    this.#partners = new Uint32Array(batchSize);
    this.#labels = splitLabels(split);
    const members = new Map<number, number[]>();
    this.#places = Uint32Array.from(this.#labels, (label, row) => {
      const others = members.get(label) ?? [];
      members.set(label, others);
      return others.push(row) - 1;
    });
    this.#members = members;
  }

  /** What a step feeds. The array is filled anew by each call. @param rows of the split, those of the batch */
  feeds(rows: Uint32Array, epoch: number, batch: number): Readonly<Record<typeof INPUT, Float32Array>> {
    const random = randomStream(this.#seed, "partner", epoch, batch);
    rows.forEach((row, i) => {
      const members = this.#members.get(this.#labels[row]!)!;
      const drawn = members.length > 1 ? random.below(members.length - 1) : 0;
      const isPast = members.length > 1 && drawn >= this.#places[row]!;
      this.#partners[i] = members[isPast ? drawn + 1 : drawn]!;
    });
    return { [INPUT]: this.#batches.fill(this.#partners, epoch, 0).images };
  }
}
