import { randomStream, type TypedArray } from "@limbeck/graph";
import { epochOrder } from "../data/batches.js";
import type { Split } from "../data/dataset.js";
import type { TrainOptions } from "../recipe/schema.js";
import { PartnerBatches } from "./partners.js";
import { ViewBatches } from "./view-batches.js";
import { mixedFeeds, viewMakers } from "./views.js";

/** What a training's batches are made of: plain data, and all that they depend on. */
export interface BatchFacts {
  readonly split: Split;
  readonly train: Pick<TrainOptions, "augment" | "batchSize">;
  readonly seed: number;
  readonly stepsPerEpoch: number;
  /** Inputs for views of the images beside `images`. */
  readonly views: readonly string[];
  /** Whether each sample is shown with another one of its class. */
  readonly hasPartners: boolean;
}

/** Arrays of a batch, by the inputs that they are for. */
export interface Batch extends Readonly<Record<string, TypedArray>> {
  readonly images: Float32Array;
  readonly labels: BigInt64Array;
  /** `[batch]`, the position of each sample in the split. */
  readonly rows: Uint32Array;
}

/** Makes one batch after another; order and changes are drawn anew for each epoch. A step's batch is a function of the facts. */
export class BatchMaker {
  readonly #facts: BatchFacts;
  readonly #views: readonly (readonly [string, ViewBatches])[];
  readonly #makers: ReturnType<typeof viewMakers>;
  readonly #partners: PartnerBatches | undefined;
  #visited: { readonly epoch: number; readonly order: Uint32Array } | undefined;

  constructor(facts: BatchFacts) {
    const { split, train, seed, views, hasPartners } = facts;
    this.#facts = facts;
    this.#makers = viewMakers(train, split.dataset, seed);
    const { changes } = this.#makers;
    const viewsOf = (seed: number) => new ViewBatches(split, train.batchSize, { changes, seed });
    const others = views.map((name) => [name, viewsOf(randomStream(seed, "view", name).int32())] as const);
    this.#views = [["images", viewsOf(seed)], ...others];
    this.#partners = hasPartners ? new PartnerBatches(split, train.batchSize, changes, seed) : undefined;
  }

  /** What a step, counted from 0, sees. The arrays are filled anew by each call. */
  make(step: number): Batch {
    const { stepsPerEpoch } = this.#facts;
    const [epoch, batch] = [Math.floor(step / stepsPerEpoch), step % stepsPerEpoch];
    const order = this.#order(epoch);
    const { mixer } = this.#makers;
    const seen = this.#views.map(([name, batches]) => {
      const target = batches.fill(order, epoch, batch);
      mixer?.mix(target, epoch, batch);
      return [name, target] as const;
    });
    const { labels, rows, images } = seen[0]![1];
    const others = Object.fromEntries(seen.map(([name, target]) => [name, target.images]));
    return { ...others, images, labels, rows, ...mixedFeeds(mixer), ...this.#partners?.feeds(rows, epoch, batch) };
  }

  #order(epoch: number): Uint32Array {
    const { split, seed } = this.#facts;
    if (this.#visited?.epoch !== epoch) {
      this.#visited = { epoch, order: epochOrder(split.indices.length, seed, epoch) };
    }
    return this.#visited.order;
  }
}
