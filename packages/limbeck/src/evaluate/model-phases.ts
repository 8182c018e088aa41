import { batchesOf, createBatchTarget, fillBatch, sequentialOrder } from "../data/batches.js";
import { type Split, sampleName } from "../data/dataset.js";
import { areBytes } from "../data/samples/samples.js";
import { drawAtMost } from "../data/split.js";
import { ROBUSTNESS_PASSES } from "./changed-images.js";
import type { EvaluationEvent, EvaluationSettings, ModelCost } from "./evaluation.js";
import { FileModel, type FileModelSource, type Wanted } from "./file-model/file-model.js";
import { costSteps, measureCost } from "./model-cost.js";
import { EvaluationProgress } from "./progress.js";

/** Samples of a batch when models answer. */
const BATCH = 32;
/** Samples by which a model's kind of answers is told. */
const TRIED = 8;
/** Images that are changed for robustness, drawn where there are more. */
const ROBUSTNESS_SAMPLES = 1000;

export interface MeasureOptions extends EvaluationSettings {
  /** Place of the reference among the models. */
  readonly reference: number;
  readonly signal: AbortSignal;
  readonly emit: (event: EvaluationEvent) => void;
}

/** Phases that evaluations have, whatever models answer with. */
export class ModelPhases {
  readonly models: FileModel[] = [];
  readonly progress: EvaluationProgress;
  readonly #sources: readonly FileModelSource[];
  readonly #split: Split;
  readonly #options: MeasureOptions;

  constructor(sources: readonly FileModelSource[], split: Split, options: MeasureOptions) {
    this.#sources = sources;
    this.#split = split;
    this.#options = options;
    this.progress = new EvaluationProgress(options.emit, options.signal);
  }

  get #changesImages(): boolean {
    return !this.#options.skip.includes("robustness") && isPictured(this.#split);
  }

  get #isTimed(): boolean {
    return !this.#options.skip.includes("cost");
  }

  /** All are opened before any is asked at length: what is wrong with the last one shows at once. */
  async open(wanted: Wanted): Promise<void> {
    const [sources, { emit, threads }] = [this.#sources, this.#options];
    emit({ type: "evaluation-start", phases: this.#phases() });
    await this.progress.phase("open", "models", sources.length, async (at) => {
      for (const source of sources) await at(this.models.push(await openModel(source, this.#split, wanted, threads)));
    });
  }

  #phases() {
    const sources = this.#sources;
    return [
      { id: "open", label: "models are opened" },
      ...sources.map(({ name }, m) => ({ id: `answers-${m}`, label: `${name} answers` })),
      { id: "statistics", label: "statistics" },
      ...(this.#changesImages ? [{ id: "robustness", label: "robustness" }] : []),
      ...(this.#isTimed ? sources.map(({ name }, m) => ({ id: `cost-${m}`, label: `${name} is timed` })) : []),
    ];
  }

  /** What each model answers to all samples, [samples, width]. @param ask asks a model about a batch */
  async answers(
    width: (model: FileModel) => number,
    ask: (model: FileModel, images: Float32Array, count: number) => Promise<Float32Array>,
  ): Promise<Float32Array[]> {
    const split = this.#split;
    const size = split.indices.length;
    const all: Float32Array[] = [];
    for (const [m, model] of this.models.entries()) {
      const answers = await this.progress.phase(`answers-${m}`, "samples", size, async (at) => {
        const values = new Float32Array(size * width(model));
        for (const { first, count, images } of batchesOf(split, BATCH)) {
          values.set(await ask(model, images, count), first * width(model));
          await at(first + count);
        }
        return values;
      });
      all.push(answers);
    }
    return all;
  }

  /** Measures on changed images, where there are any and nobody left that out. */
  async robustness<Found>(
    measure: (some: Split, onImages: (done: number) => Promise<void>) => Promise<Found>,
  ): Promise<Found | undefined> {
    if (!this.#changesImages) return undefined;
    const some = drawAtMost(this.#split, ROBUSTNESS_SAMPLES, this.#options.seed);
    const passes = some.indices.length * ROBUSTNESS_PASSES;
    return this.progress.phase("robustness", "images", passes, (at) => measure(some, at));
  }

  /** Of each model, where nobody left that out. */
  async costs(): Promise<ModelCost[]> {
    const [options, costs]: [MeasureOptions, ModelCost[]] = [this.#options, []];
    for (const [m, model] of this.#isTimed ? this.models.entries() : []) {
      const { dataset } = this.#split;
      const cost = (at: (step: number) => Promise<void>) => measureCost(model, dataset, options, options.signal, at);
      costs.push(await this.progress.phase(`cost-${m}`, "parts", costSteps(options), cost));
    }
    return costs;
  }

  async release(): Promise<void> {
    for (const model of this.models) await model.release();
  }
}

/** Whether there are images of bytes, which can be changed. */
function isPictured({ dataset }: Split): boolean {
  return sampleName(dataset) === "image" && areBytes(dataset.pixels);
}

async function openModel(source: FileModelSource, split: Split, wanted: Wanted, threads: number): Promise<FileModel> {
  const { dataset, indices } = split;
  const count = Math.min(TRIED, indices.length);
  const target = createBatchTarget(dataset, count);
  fillBatch(split, sequentialOrder(indices.length), 0, count, target);
  return FileModel.open(source, dataset, wanted, target.images, threads);
}
