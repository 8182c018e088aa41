import type { Tensor } from "../tensor.js";

/** One parameter with its gradient and the optimizer's state for it, all of one shape. */
export interface OptimizerEntry {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** State by slot name. */
  readonly slots: Readonly<Record<string, Tensor>>;
}

/** What replaces an entry after the step. */
export interface OptimizerUpdate {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
}

/** An optimizer emits its update into the training graph; it holds no state of its own. */
export interface Optimizer {
  readonly name: string;
  /** State tensors that each parameter has, by PyTorch's names; all start as zeros. */
  readonly slots: readonly string[];
  /** Whether every element is updated by itself, so that parameters may be updated together. */
  readonly isElementwise: boolean;
  /**
   * Numbers that change from step to step and are fed as scalars. Computed on the host in double precision.
   * @param step counts from 1
   * @param learningRate of this step
   */
  scalars(step: number, learningRate: number): Readonly<Record<string, number>>;
  /** Emits the update of all parameters at once, so that a rule may look at all gradients. */
  update(entries: readonly OptimizerEntry[], scalars: Readonly<Record<string, Tensor>>): readonly OptimizerUpdate[];
}
