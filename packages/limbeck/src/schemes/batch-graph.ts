import { createGraph, type Graph, type Tensor, type TrainingBuffer } from "@limbeck/graph";
import { batchesPerEpoch } from "../data/batches.js";
import type { LossContext } from "../losses/loss.js";
import type { TrainingLength } from "../losses/schedule.js";
import { carriedBuffers, declareTensors, type ForwardResult, type Model } from "../models/model.js";
import { needsOf } from "./needs.js";
import { changesImages, mixedLabels } from "./views.js";
import type { GraphOptions } from "./wiring.js";

/** What of a batch is known beside images. */
export type Known = Pick<LossContext, "labels" | "mixed">;

/** Whether models see augmented images in views of their own. */
export type Views = "own" | "shared";

/** A model in a training graph. */
export interface Learner {
  readonly values: Readonly<Record<string, Tensor>>;
  readonly result: ForwardResult;
  readonly buffers: readonly TrainingBuffer[];
}

/** A graph that is fed batches. */
export class BatchGraph {
  readonly graph: Graph = createGraph();
  readonly images: Tensor;
  readonly length: TrainingLength;
  /** Inputs for views of the images beside {@link images}. */
  readonly views: string[] = [];
  readonly #options: Pick<GraphOptions, "split" | "train" | "terms">;

  constructor(options: Pick<GraphOptions, "split" | "train" | "terms">) {
    const { split, train } = options;
    this.#options = options;
    this.images = this.#see("images");
    this.length = { epochs: train.epochs, stepsPerEpoch: batchesPerEpoch(split.indices.length, train.batchSize) };
  }

  /** A model's pass over a batch, in training. @param images by default {@link images} */
  learner(model: Model, prefix = "", images: Tensor = this.images): Learner {
    const values = declareTensors(model, this.graph, prefix);
    const result = model.forward(images, values, true);
    return { values, result, buffers: carriedBuffers(model, values, result) };
  }

  /** Images of the same samples for another model; the same ones where nothing changes single images. */
  imagesFor(prefix: string, views: Views): Tensor {
    if (views === "shared" || !changesImages(this.#options.train.augment)) return this.images;
    const images = this.#see(`${prefix}images`);
    this.views.push(images.name);
    return images;
  }

  /** Labels where terms need them. @param always whether they are needed whatever terms do */
  known(always = false): Known {
    const { train, terms } = this.#options;
    const needs = needsOf(terms);
    if (!always && !needs.has("labels") && !needs.has("targets")) return {};
    return { labels: this.graph.input("labels", "int64", [train.batchSize]), mixed: mixedLabels(this.graph, train) };
  }

  #see(name: string): Tensor {
    const { split, train } = this.#options;
    const { channels, height, width } = split.dataset;
    return this.graph.input(name, "float32", [train.batchSize, channels, height, width]);
  }
}
