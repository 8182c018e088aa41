import type { Tensor } from "@limbeck/graph";
import type { OptionsSchema } from "../support/options.js";

/** What a loss may look at. */
export type LossNeed = "labels" | "teacher logits";

/** Tensors of one batch. What a loss needs is there; what it does not need may be missing. */
export interface LossContext {
  /** Student's logits [N, K]. */
  readonly logits: Tensor;
  /** Class numbers, int64 [N]. */
  readonly labels: Tensor | undefined;
  /** Teacher's logits [N, K]; no gradient flows into them. */
  readonly teacherLogits: Tensor | undefined;
}

/** A method: a record and a pure function of tensors. */
export interface Loss<Options = unknown> {
  readonly name: string;
  readonly family: "response";
  readonly description: string;
  /** Formula in words. */
  readonly formula: string;
  readonly source: string;
  readonly needs: readonly LossNeed[];
  readonly options: OptionsSchema<Options>;
  /** One number: summed over classes, averaged over samples. */
  compute(context: LossContext, options: Options): Tensor;
}
