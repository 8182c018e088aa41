import { GraphError, matchesGlob, type QuantizableLayer, type Range } from "@limbeck/graph";
import type { Split } from "../data/dataset.js";
import type { EvaluationEvent } from "../evaluate/evaluation.js";
import type { FileModelSource } from "../evaluate/file-model/file-model.js";
import { EvaluationProgress } from "../evaluate/progress.js";
import { gzippedSize } from "../support/gzip.js";
import { CALIBRATION_BATCH, calibrate } from "./calibrate.js";
import { type Comparison, compare, type Reference } from "./compare.js";
import {
  type CalibrationChoice,
  type FormatChoice,
  layersFor,
  type QuantizedFile,
  type QuantizedFormatName,
  quantizedFormat,
} from "./formats.js";
import { Original } from "./original.js";
import type { LayerLoss, QuantizedModel } from "./quantization.js";
import { RunningModel } from "./run-model.js";

/** Samples at once, where a model takes any number and answers each as if it were alone. */
const BATCH = 16;
/** Samples on which a layer is measured alone. */
const LAYER_SAMPLES = 32;

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
  /** Of the bootstrap. Default 1. */
  readonly seed?: number | undefined;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly emit: (event: EvaluationEvent) => void;
}

/** What was measured of a layer alone. */
type Measured = Required<Pick<LayerLoss, "sqnr" | "agreement" | "bytes">>;

/**
 * Quantizes an ONNX file, and compares the result with it on held-out samples, by running both. Samples go through batch by
 * batch: beside the model, memory holds the original's answers and what a batch takes.
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
  readonly #file: Uint8Array;
  readonly #settings: QuantizeSettings;
  readonly #progress: EvaluationProgress;
  readonly #original: Original;
  #ranges: ReadonlyMap<string, Range> = new Map();
  /** The original's answers to the held-out samples, batch by batch. */
  #references: readonly Reference[] = [];

  constructor(source: FileModelSource, file: Uint8Array, settings: QuantizeSettings) {
    this.#file = file;
    this.#settings = settings;
    this.#progress = new EvaluationProgress(settings.emit, settings.signal);
    this.#original = new Original(source, file, settings.threads);
  }

  async run(): Promise<QuantizedModel> {
    const { to, calibration, held, layers: wantsLayers = true, maxDrop, seed = 1 } = this.#settings;
    const format = quantizedFormat(to);
    const all = this.#layers();
    const seen = format.calibrated ? calibration : undefined;
    const losses = held !== undefined && (wantsLayers || maxDrop !== undefined) && all.length > 0;
    this.#announce(seen !== undefined, losses);
    if (seen) await this.#calibrate(seen);
    if (held) this.#references = await this.#answers(held);
    const alone = losses ? await this.#measureLayers(all) : new Map<string, Measured>();
    const size = ({ name }: QuantizableLayer) => alone.get(name)?.sqnr ?? Number.POSITIVE_INFINITY;
    // Infinities have no difference.
    const worst = [...all].sort((a, b) => (size(a) === size(b) ? 0 : size(a) - size(b)));
    const { model, halves, kept, comparison } = await this.#best(worst, maxDrop);
    const places = new Map(all.map(({ name }, place) => [name, place]));
    return {
      model,
      report: {
        format: to,
        bytes: { before: this.#file.length, after: model.length },
        compressed: { before: await gzippedSize(this.#file), after: await gzippedSize(model) },
        calibrated: seen?.indices.length ?? 0,
        ranges: Object.fromEntries(this.#ranges),
        ...(halves ? { halves } : {}),
        ...(comparison ? { closeness: await comparison.closeness(held!.dataset.classes.length, seed) } : {}),
        layerSamples: losses ? Math.min(LAYER_SAMPLES, held.indices.length) : 0,
        layers: (wantsLayers ? worst : all).map((layer) => ({
          ...layer,
          place: places.get(layer.name)!,
          quantized: !kept.has(layer.name),
          ...alone.get(layer.name),
        })),
      },
    };
  }

  async release(): Promise<void> {
    await this.#original.release();
  }

  /** @throws GraphError OPTION_INVALID where a pattern fits none; MODEL_UNSUPPORTED where there is none */
  #layers(): readonly QuantizableLayer[] {
    const { externalData, to, exclude = [] } = this.#settings;
    const all = layersFor(quantizedFormat(to), this.#file, externalData);
    const lost = exclude.find((pattern) => !all.some(({ name }) => matchesGlob(name, pattern)));
    if (lost === undefined) return all;
    const names = all.slice(0, 8).map(({ name }) => name);
    throw new GraphError("OPTION_INVALID", `no layer that could be quantized fits ${lost}`, {
      value: lost,
      fix: `There are ${names.join(", ")}${all.length > names.length ? ", …" : ""}.`,
    });
  }

  #announce(hasRanges: boolean, hasLayers: boolean): void {
    const { held } = this.#settings;
    const phases = [
      ...(hasRanges ? [{ id: "calibration", label: "calibration" }] : []),
      ...(held ? [{ id: "original", label: "original" }] : []),
      ...(hasLayers ? [{ id: "layers", label: "layers" }] : []),
      { id: "quantized", label: "quantized" },
    ];
    this.#settings.emit({ type: "evaluation-start", phases });
  }

  async #calibrate(split: Split): Promise<void> {
    const { method = "minmax" } = this.#settings;
    const values = quantizedFormat(this.#settings.to).calibrated!(this.#file, this.#settings);
    const batches = () => this.#original.batches(split, CALIBRATION_BATCH);
    const total = (await this.#original.batchesOf(split, CALIBRATION_BATCH)) * (method === "minmax" ? 1 : 2);
    this.#ranges = await this.#progress.phase("calibration", "batches", total, (at) => {
      let step = 0;
      return calibrate(this.#file, values, batches, { ...this.#settings, onBatch: () => at(step++) });
    });
  }

  async #answers(held: Split): Promise<Reference[]> {
    const total = await this.#original.batchesOf(held, this.#batch);
    return this.#progress.phase("original", "batches", total, async (at) => {
      const references: Reference[] = [];
      for await (const reference of this.#original.answers(held, this.#batch)) await at(references.push(reference));
      return references;
    });
  }

  /** Quantizes each layer alone. */
  #measureLayers(all: readonly QuantizableLayer[]): Promise<Map<string, Measured>> {
    const layers = all.filter(({ name }) => !this.#isExcluded(name));
    return this.#progress.phase("layers", "layers", layers.length, async (at) => {
      const losses = new Map<string, Measured>();
      const none = this.#quantized({ only: [] }).model.length;
      for (const [step, { name, weights }] of layers.entries()) {
        await at(step);
        const { model } = this.#quantized({ only: [name] });
        const { sqnr, agreement } = await this.#compared(model, async () => {}, LAYER_SAMPLES);
        const before = 4 * weights;
        losses.set(name, { sqnr, agreement, bytes: { before, after: before + model.length - none } });
      }
      return losses;
    });
  }

  /** The model with all layers quantized, or with as few left out as it takes. */
  #best(worst: readonly QuantizableLayer[], maxDrop: number | undefined) {
    const names = worst.map(({ name }) => name);
    const excluded = names.filter((name) => this.#isExcluded(name));
    const candidates = names.filter((name) => !this.#isExcluded(name));
    return this.#progress.phase("quantized", "batches", this.#references.length, async (at) => {
      for (let left = 0; ; left++) {
        const kept = new Set([...excluded, ...candidates.slice(0, left)]);
        const file = this.#quantized(left === 0 ? {} : { only: candidates.slice(left) });
        if (this.#references.length === 0) return { ...file, kept, comparison: undefined };
        const comparison = await this.#compared(file.model, at);
        const isGood = maxDrop === undefined || 1 - comparison.agreement <= maxDrop;
        if (isGood || left === candidates.length) return { ...file, kept, comparison };
      }
    });
  }

  get #batch(): number {
    return quantizedFormat(this.#settings.to).asksSingly ? 1 : BATCH;
  }

  #isExcluded(name: string): boolean {
    const { exclude = [], only } = this.#settings;
    return !(only?.includes(name) ?? true) || exclude.some((pattern) => matchesGlob(name, pattern));
  }

  #quantized(choice: Pick<FormatChoice, "only">): QuantizedFile {
    return quantizedFormat(this.#settings.to).quantize(this.#file, { ...this.#settings, ...choice }, this.#ranges);
  }

  /** Asks a quantized model about held-out samples, or about the first of them. */
  async #compared(model: Uint8Array, at: (step: number) => Promise<void>, most?: number): Promise<Comparison> {
    const { held, threads } = this.#settings;
    const running = await RunningModel.open(model, threads);
    try {
      return await compare(running, await this.#original.output(held!), this.#asked(held!, at, most));
    } finally {
      await running.release();
    }
  }

  async *#asked(held: Split, at: (step: number) => Promise<void>, most = Number.POSITIVE_INFINITY) {
    let [step, samples] = [0, 0];
    for await (const { feeds } of this.#original.batches(held, this.#batch)) {
      await at(step);
      const reference = this.#references[step++]!;
      yield { feeds, reference };
      samples += reference.count;
      if (samples >= most) return;
    }
  }
}
