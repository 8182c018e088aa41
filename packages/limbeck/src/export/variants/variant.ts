import type { SampleFacts } from "../../runs/sample-facts.js";

/** What variants are made of. */
export interface VariantSource {
  /** The exported model in single precision, an ONNX file. */
  readonly model: Uint8Array;
  readonly samples: SampleFacts;
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
