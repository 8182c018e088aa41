import type { HalfLosses, QuantizableLayer, Range } from "@limbeck/graph";
import type { Estimate } from "../evaluate/intervals.js";
import type { MeasuredOn } from "../support/measured-on.js";
import type { QuantizedFormatName } from "./formats.js";

/** A figure of the original and of the quantized model. */
export interface BeforeAfter<Value = number> {
  readonly before: Value;
  readonly after: Value;
}

/** How far answers are from those in full precision. */
export interface Closeness {
  readonly samples: number;
  /** Mean square of the answers over that of the differences, in decibels; null where there is no difference. */
  readonly sqnr: number | null;
  /** Largest difference. */
  readonly largest: number;
  /** Share of samples whose largest output is the same (of a single output: on the same side of 0), with Wilson's interval. */
  readonly agreement: Estimate;
  /**
   * Share of samples whose largest output is that of their class, with Wilson's intervals; the difference with one of the paired
   * bootstrap. Null where outputs are other than classes.
   */
  readonly accuracy: (BeforeAfter<Estimate> & { readonly difference: Estimate }) | null;
}

/** A layer, and what becomes of file and answers when it alone is quantized; figures are missing where that was not measured. */
export interface LayerLoss extends QuantizableLayer {
  /** Place among the layers in the order in which they run, from 0. */
  readonly place: number;
  /** Whether it is quantized in the result. */
  readonly quantized: boolean;
  /** As {@link Closeness.sqnr}. */
  readonly sqnr?: number | null;
  /** Share of samples with the same answer. */
  readonly agreement?: number;
  /** Of its weight in the file: numbers, scales and what belongs to them. */
  readonly bytes?: BeforeAfter;
}

/** What quantizing came to. */
export interface QuantizationReport {
  readonly format: QuantizedFormatName;
  readonly bytes: BeforeAfter;
  /** After gzip. */
  readonly compressed: BeforeAfter;
  /** Samples by which ranges were found. */
  readonly calibrated: number;
  /** Ranges by the names of values; of formats that need none, empty. */
  readonly ranges: Readonly<Record<string, Range>>;
  /** Of fp16: weights that it cannot hold. */
  readonly halves?: HalfLosses;
  /** Missing where there were no samples to compare with. */
  readonly closeness?: Closeness;
  /** Samples on which layers were measured alone. */
  readonly layerSamples: number;
  /** Those that hurt most first, where that was measured. */
  readonly layers: readonly LayerLoss[];
}

export interface QuantizedModel {
  readonly model: Uint8Array;
  readonly report: QuantizationReport;
}

/** What quantizing a file came to, and how it was done. */
export interface QuantizationRecord extends QuantizationReport {
  readonly file: { readonly path: string; readonly sha256: string };
  /** What samples were taken of; null where there were none. */
  readonly data: string | null;
  /** Options that were given. */
  readonly options: Readonly<Record<string, number | boolean | string | readonly string[]>>;
  readonly environment: MeasuredOn;
}
