import type { ImageGeometry } from "../../data/dataset.js";
import type { EmbeddingEvaluation } from "../../evaluate/embedding/evaluation.js";
import type { Evaluation } from "../../evaluate/evaluation.js";

/** What the report of an evaluation shows. */
export interface EvaluationReport<Found extends Evaluation | EmbeddingEvaluation = Evaluation> {
  readonly evaluation: Found;
  readonly image: ImageGeometry;
  /** A sample's pixels, channels × height × width, 0 … 255, by its position in the data set; null where samples are no images. */
  readonly pixelsOf: ((index: number) => Uint8Array) | null;
  /** The beginning of a text, likewise; null where samples are no texts. */
  readonly textOf: ((index: number) => string) | null;
  /** A row's numbers by the names of their columns, likewise; null where samples are no rows. */
  readonly rowOf: ((index: number) => readonly { readonly column: string; readonly value: number }[]) | null;
}
