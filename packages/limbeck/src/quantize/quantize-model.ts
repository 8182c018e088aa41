import { GraphError, matchesGlob, type QuantizableLayer, type Range } from "@limbeck/graph";
import { createBatchTarget, fillBatch, sequentialOrder } from "../data/batches.js";
import { type Split, sampleLength } from "../data/dataset.js";
import type { EvaluationEvent } from "../evaluate/evaluation.js";
import { FileModel, type FileModelSource } from "../evaluate/file-model/file-model.js";
import { EvaluationProgress } from "../evaluate/progress.js";
import { gzippedSize } from "../support/gzip.js";
import { calibrate } from "./calibrate.js";
import { type Closeness, compare, type ReferenceBatch } from "./compare.js";
import {
  type CalibrationChoice,
  type FormatChoice,
  type QuantizedFormat,
  type QuantizedFormatName,
  quantizedFormat,
} from "./formats.js";
import { type Feeds, RunningModel } from "./run-model.js";

/** Samples at once, where a model takes any number. */
const BATCH = 16;

export interface QuantizeSettings extends FormatChoice, CalibrationChoice {
  readonly to: QuantizedFormatName;
  /** Samples of other numbers than those that are measured, by which ranges are found. */
  readonly calibration?: Split | undefined;
  /** Held-out samples on which the result is compared with the original. Default: it is not compared. */
  readonly held?: Split | undefined;
  /** Whether each layer is also quantized alone, to see which hurt. Default `true`. */
  readonly layers?: boolean | undefined;
  /**
   * Leaves the layers that hurt most in floating point until no more than this share of samples is answered differently (0 … 1).
   * Default: all are quantized, whatever it costs.
   */
  readonly maxDrop?: number | undefined;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly emit: (event: EvaluationEvent) => void;
}

/** A layer, and what becomes of the answers when it alone is quantized. */
export interface LayerLoss extends QuantizableLayer {
  /** Whether it is quantized in the result. */
  readonly quantized: boolean;
  /** As {@link Closeness.sqnr}; missing where that was not measured. */
  readonly sqnr?: number | null;
}

/** What quantizing came to. */
export interface QuantizationReport {
  readonly format: QuantizedFormatName;
  readonly bytes: { readonly before: number; readonly after: number };
  /** After gzip. */
  readonly compressed: { readonly before: number; readonly after: number };
  /** Samples by which ranges were found. */
  readonly calibrated: number;
  /** Missing where there were no samples to compare with. */
  readonly closeness?: Closeness & { readonly samples: number };
  /** Those that hurt most first, where that was measured. */
  readonly layers: readonly LayerLoss[];
}

export interface QuantizedModel {
  readonly model: Uint8Array;
  readonly report: QuantizationReport;
}

/**
 * Quantizes an ONNX file, and compares the result with it on held-out samples, by running both.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, MODEL_FAILED, MODEL_MISMATCH
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED; OPTION_INVALID where a pattern fits no layer
 * @throws the signal's reason once it is aborted
 */
export async function quantizeModel(
  source: FileModelSource,
  file: Uint8Array,
  settings: QuantizeSettings,
): Promise<QuantizedModel> {
  const job = new Quantization(source, file, settings);
  try {
    return await job.run();
  } finally {
    await job.release();
  }
}

class Quantization {
  readonly #source: FileModelSource;
  readonly #file: Uint8Array;
  readonly #settings: QuantizeSettings;
  readonly #progress: EvaluationProgress;
  #original: FileModel | undefined;
  #ranges: ReadonlyMap<string, Range> = new Map();

  constructor(source: FileModelSource, file: Uint8Array, settings: QuantizeSettings) {
    this.#source = source;
    this.#file = file;
    this.#settings = settings;
    this.#progress = new EvaluationProgress(settings.emit, settings.signal);
  }

  async run(): Promise<QuantizedModel> {
    const { to, calibration, held, layers: wantsLayers = true, maxDrop } = this.#settings;
    const format = quantizedFormat(to);
    const all = format.layers ? this.#layers(format.layers) : [];
    const seen = format.calibrated ? calibration : undefined;
    const needsLosses = wantsLayers || maxDrop !== undefined;
    this.#announce(seen !== undefined, needsLosses && all.length > 0);
    if (seen) await this.#calibrate(seen);
    const batches = held ? await this.#references(held) : [];
    const some = all.filter(({ name }) => !this.#isExcluded(name));
    const losses = needsLosses && held ? await this.#measureLayers(some, batches) : new Map<string, number | null>();
    const worst = [...all].sort((a, b) => (losses.get(a.name) ?? 1e9) - (losses.get(b.name) ?? 1e9));
    const measured = await this.#best(worst, batches, maxDrop);
    const { model, kept } = measured;
    return {
      model,
      report: {
        format: to,
        bytes: { before: this.#file.length, after: model.length },
        compressed: { before: await gzippedSize(this.#file), after: await gzippedSize(model) },
        calibrated: seen?.indices.length ?? 0,
        ...(measured.closeness && held ? { closeness: { ...measured.closeness, samples: held.indices.length } } : {}),
        layers: (wantsLayers ? worst : all).map((layer) => ({
          ...layer,
          quantized: !kept.has(layer.name),
          ...(losses.has(layer.name) ? { sqnr: losses.get(layer.name)! } : {}),
        })),
      },
    };
  }

  async release(): Promise<void> {
    await this.#original?.release();
  }

  /** @throws GraphError OPTION_INVALID where a pattern fits none; MODEL_UNSUPPORTED where there is none */
  #layers(layersOf: NonNullable<QuantizedFormat["layers"]>): readonly QuantizableLayer[] {
    const { externalData, to } = this.#settings;
    const all = layersOf(this.#file, { externalData });
    if (all.length === 0) {
      throw new GraphError("MODEL_UNSUPPORTED", `the model has no layer that ${to} makes smaller`, {
        value: to,
        fix: "Choose another format.",
      });
    }
    for (const pattern of this.#settings.exclude ?? []) {
      if (all.some(({ name }) => matchesGlob(name, pattern))) continue;
      const names = all.slice(0, 8).map(({ name }) => name);
      throw new GraphError("OPTION_INVALID", `no layer that could be quantized fits ${pattern}`, {
        value: pattern,
        fix: `There are ${names.join(", ")}${all.length > names.length ? ", …" : ""}.`,
      });
    }
    return all;
  }

  #announce(hasRanges: boolean, hasLayers: boolean): void {
    const { held } = this.#settings;
    const phases = [
      ...(hasRanges ? [{ id: "calibration", label: "calibration" }] : []),
      ...(held ? [{ id: "original", label: "original" }] : []),
      ...(held && hasLayers ? [{ id: "layers", label: "layers" }] : []),
      { id: "quantized", label: "quantized" },
    ];
    this.#settings.emit({ type: "evaluation-start", phases });
  }

  async #calibrate(split: Split): Promise<void> {
    const { method, percentile, threads, externalData, signal } = this.#settings;
    const values = quantizedFormat(this.#settings.to).calibrated!(this.#file, this.#settings);
    const model = await this.#opened(split);
    const passes = method === undefined || method === "minmax" ? 1 : 2;
    const total = batchesOf(model, split) * passes;
    this.#ranges = await this.#progress.phase("calibration", "batches", total, async (at) => {
      let step = 0;
      const batches = () => this.#feeds(split);
      return calibrate(this.#file, values, batches, {
        method,
        percentile,
        threads,
        externalData,
        signal,
        onBatch: () => at(step++),
      });
    });
  }

  async #opened(split: Split): Promise<FileModel> {
    const { dataset } = split;
    const tried = createBatchTarget(dataset, 2);
    fillBatch(split, sequentialOrder(split.indices.length), 0, 2, tried);
    this.#original ??= await FileModel.open(this.#source, dataset, undefined, tried.images, this.#settings.threads);
    return this.#original;
  }

  async *#feeds(split: Split): AsyncGenerator<{ feeds: Feeds; count: number; labels: Uint8Array }> {
    const model = await this.#opened(split);
    const size = model.batchOf(BATCH);
    const order = sequentialOrder(split.indices.length);
    const length = sampleLength(split.dataset);
    for (let batch = 0; batch * size < order.length; batch++) {
      const count = model.input.batch ?? Math.min(size, order.length - batch * size);
      const target = createBatchTarget(split.dataset, count);
      fillBatch(split, order.subarray(batch * size), 0, count, target);
      const feeds = await model.feed(target.images.subarray(0, count * length), count);
      yield {
        feeds,
        count: Math.min(count, order.length - batch * size),
        labels: Uint8Array.from(target.labels, Number),
      };
    }
  }

  /** What the original answers to held-out samples. */
  async #references(held: Split): Promise<ReferenceBatch[]> {
    const model = await this.#opened(held);
    const session = await RunningModel.open(this.#file, this.#settings.threads, model.contents.weights);
    try {
      return await this.#progress.phase("original", "batches", batchesOf(model, held), async (at) => {
        const batches: ReferenceBatch[] = [];
        for await (const { feeds, count, labels } of this.#feeds(held)) {
          await at(batches.length);
          const found = (await session.values(feeds, [model.input.output])).get(model.input.output)!;
          const rows = model.input.batch ?? count;
          batches.push({ feeds, count, labels, answers: found.slice(0, (found.length / rows) * count) });
        }
        return batches;
      });
    } finally {
      await session.release();
    }
  }

  /** Quantizes each layer alone. */
  async #measureLayers(layers: readonly QuantizableLayer[], batches: readonly ReferenceBatch[]) {
    const some = batches.slice(0, Math.max(1, Math.ceil(32 / (batches[0]?.count ?? 1))));
    return this.#progress.phase("layers", "layers", layers.length, async (at) => {
      const losses = new Map<string, number | null>();
      for (const [step, { name }] of layers.entries()) {
        await at(step);
        const model = this.#quantized({ only: [name] });
        losses.set(name, (await this.#closeness(model, some, async () => {})).sqnr);
      }
      return losses;
    });
  }

  /** The model with all layers quantized, or with as few left out as it takes. */
  async #best(worst: readonly QuantizableLayer[], batches: readonly ReferenceBatch[], maxDrop: number | undefined) {
    const excluded = new Set(worst.filter(({ name }) => this.#isExcluded(name)).map(({ name }) => name));
    const candidates = worst.filter(({ name }) => !excluded.has(name));
    return this.#progress.phase("quantized", "batches", batches.length, async (at) => {
      for (let left = 0; ; left++) {
        const kept = new Set([...excluded, ...candidates.slice(0, left).map(({ name }) => name)]);
        const model = this.#quantized(
          left === 0 ? {} : { only: worst.map(({ name }) => name).filter((name) => !kept.has(name)) },
        );
        if (batches.length === 0) return { model, kept, closeness: undefined };
        const closeness = await this.#closeness(model, batches, at);
        const isGood = maxDrop === undefined || 1 - closeness.agreement <= maxDrop;
        if (isGood || left === candidates.length) return { model, kept, closeness };
      }
    });
  }

  #isExcluded(name: string): boolean {
    const { exclude = [], only } = this.#settings;
    return !(only?.includes(name) ?? true) || exclude.some((pattern) => matchesGlob(name, pattern));
  }

  #quantized(choice: Pick<FormatChoice, "only">): Uint8Array {
    return quantizedFormat(this.#settings.to).quantize(this.#file, { ...this.#settings, ...choice }, this.#ranges);
  }

  async #closeness(model: Uint8Array, batches: readonly ReferenceBatch[], at: (step: number) => Promise<void>) {
    const running = await RunningModel.open(model, this.#settings.threads);
    try {
      const classes = this.#settings.held!.dataset.classes.length;
      return await compare(running, this.#original!.input.output, batches, classes, at);
    } finally {
      await running.release();
    }
  }
}

function batchesOf(model: FileModel, split: Split): number {
  return Math.ceil(split.indices.length / model.batchOf(BATCH));
}
