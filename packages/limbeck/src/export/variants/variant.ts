import type { SampleFacts } from "../../runs/sample-facts.js";

/** Numbers for one input of a model. */
export interface Feed {
  readonly dtype: "float32" | "int64";
  readonly data: Float32Array | BigInt64Array;
  /** The first counts samples. */
  readonly dims: readonly number[];
}

/** What variants are made of. */
export interface VariantSource {
  /** The exported model in single precision, an ONNX file. */
  readonly model: Uint8Array;
  readonly samples: SampleFacts;
  /** So many training samples as the model takes them, in batches, by the names of inputs. Reads the run's data, if it is asked for. */
  feeds(count: number): AsyncIterable<Readonly<Record<string, Feed>>>;
}

/** One form of the student in an exported folder. */
export interface Variant {
  /** As `--variant` takes it. */
  readonly name: string;
  /** Where it lies in the folder; `onnx/model<suffix>.onnx` is what pipelines look for. */
  readonly file: string;
  /** One line for people. */
  readonly summary: string;
  make(source: VariantSource): Promise<Uint8Array>;
}
