import type { TypedArray } from "../dtype.js";
import type { Graph } from "../graph.js";
import { foldBatchNorm } from "./batch-norm.js";
import { mergeCommon } from "./common.js";
import { freezeParameters } from "./freeze.js";

export interface InferenceOptions {
  /** Values of all parameters, by name. Default: none, for graphs that have no parameters. */
  readonly parameters?: Readonly<Record<string, TypedArray>>;
  /** Folds batch normalization into the weights beside it; see {@link foldBatchNorm}. Default `true`. */
  readonly foldBatchNorm?: boolean;
  /** Computes equal values once; see {@link mergeCommon}. Default `true`. */
  readonly mergeCommon?: boolean;
}

/**
 * A graph in the form in which it is exported: parameters are constants of the same names, and what only training needs is
 * gone. Inputs and outputs keep their names. `foldConstants` may follow, where a backend is at hand.
 * @throws GraphError STATE_MISMATCH where a parameter has no value
 */
export function forInference(graph: Graph, options: InferenceOptions = {}): Graph {
  const frozen = freezeParameters(graph, options.parameters ?? {});
  const folded = options.foldBatchNorm === false ? frozen : foldBatchNorm(frozen);
  return options.mergeCommon === false ? folded : mergeCommon(folded);
}
