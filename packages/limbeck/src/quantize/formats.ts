import {
  type ExternalData,
  GraphError,
  type HalfLosses,
  int4Layers,
  type QuantizableLayer,
  quantizableLayers,
  quantizeDynamic,
  quantizeInt4,
  quantizeStatic,
  type Range,
  toHalf,
  valuesToCalibrate,
} from "@limbeck/graph";
import type { CalibrationMethod } from "./ranges.js";

/** What all formats are told. */
export interface FormatChoice {
  /** Names or globs of layers that stay as they are. Default: none. */
  readonly exclude?: readonly string[] | undefined;
  /** Names of the layers that are quantized. Default: all that can be. */
  readonly only?: readonly string[] | undefined;
  /** Of int8: weights of 7 bits, for processors that add pairs of products up in int16. Default `false`. */
  readonly reduceRange?: boolean | undefined;
  /** Of int8-static: whether each output channel of a weight has a scale of its own. Default `true`. */
  readonly perChannel?: boolean | undefined;
  /** Of int8-static: 4 gives weights the whole numbers -7 … 7, in bytes. Default 8. */
  readonly weightBits?: 4 | 8 | undefined;
  /** Of int4: weights that share a scale. Default 32. */
  readonly block?: number | undefined;
  readonly externalData?: ExternalData | undefined;
}

/** How the ranges of activations are found. */
export interface CalibrationChoice {
  /** Default `minmax`. */
  readonly method?: CalibrationMethod | undefined;
  /** Of `percentile`, in percent. Default 99.99. */
  readonly percentile?: number | undefined;
}

/** Options that some formats have no use for. */
export type FormatOption =
  | Exclude<keyof FormatChoice, "only" | "externalData">
  | keyof CalibrationChoice
  | "samples"
  | "maxDrop";

/** A file whose numbers have another form. */
export interface QuantizedFile {
  readonly model: Uint8Array;
  /** Of half precision. */
  readonly halves?: HalfLosses;
}

/** A form that a model's numbers can have. */
export interface QuantizedFormat {
  readonly name: string;
  readonly description: string;
  /** Options that it heeds. */
  readonly heeds: readonly FormatOption[];
  /** Whether a sample's neighbors change what it is answered: then samples are asked one by one, as the model will be used. */
  readonly asksSingly?: boolean;
  /** Layers that it quantizes, where they can be left out one by one. */
  layers?(model: Uint8Array, choice: FormatChoice): readonly QuantizableLayer[];
  /** Values whose ranges it needs; nothing where it needs none. */
  calibrated?(model: Uint8Array, choice: FormatChoice): readonly string[];
  quantize(model: Uint8Array, choice: FormatChoice, ranges: ReadonlyMap<string, Range>): QuantizedFile;
}

/** All formats, those that lose least first. */
export const QUANTIZED_FORMATS = [
  {
    name: "fp16",
    description: "half precision; inputs and outputs stay float32",
    heeds: [],
    quantize: (file, choice) => {
      const { model, clipped, vanished } = toHalf(file, choice);
      return { model, halves: { clipped, vanished } };
    },
  },
  {
    name: "int8-dynamic",
    description: "weights in 8 bits for each channel, activations as they come; for matrix products",
    heeds: ["exclude", "reduceRange", "maxDrop"],
    asksSingly: true,
    layers: (model, { externalData }) => quantizableLayers(model, externalData),
    quantize: (model, choice) => ({ model: quantizeDynamic(model, choice) }),
  },
  {
    name: "int8-static",
    description: "weights and activations in 8 bits, with ranges from samples (QDQ); for convolutions",
    heeds: ["exclude", "reduceRange", "perChannel", "method", "percentile", "samples", "maxDrop"],
    layers: (model, { externalData }) => quantizableLayers(model, externalData),
    calibrated: (model, choice) => valuesToCalibrate(model, choice),
    quantize: (model, choice, ranges) => ({ model: quantizeStatic(model, ranges, choice) }),
  },
  {
    name: "int4",
    description: "weights of large matrices in 4 bits, in blocks (MatMulNBits); for language models",
    heeds: ["exclude", "block", "maxDrop"],
    layers: int4Layers,
    quantize: (model, choice) => ({ model: quantizeInt4(model, choice) }),
  },
] as const satisfies readonly QuantizedFormat[];

export type QuantizedFormatName = (typeof QUANTIZED_FORMATS)[number]["name"];

export function quantizedFormat(name: QuantizedFormatName): QuantizedFormat {
  return QUANTIZED_FORMATS.find((format) => format.name === name)!;
}

/**
 * All layers that a format makes smaller; none where it changes everything.
 * @throws GraphError MODEL_UNSUPPORTED where it would change nothing
 */
export function layersFor(
  format: QuantizedFormat,
  model: Uint8Array,
  externalData?: ExternalData,
): readonly QuantizableLayer[] {
  const layers = format.layers?.(model, { externalData });
  if (layers?.length !== 0) return layers ?? [];
  throw new GraphError("MODEL_UNSUPPORTED", `the model has no layer that ${format.name} makes smaller`, {
    value: format.name,
    fix: "Choose another format.",
  });
}
