import { type Optimizer, ops, type Tensor } from "@limbeck/graph";

/** When a value begins anew, and as what. */
export interface Restart {
  /** Steps from one beginning to the next. */
  readonly every: number;
  /** Whether a step is the last one before, bool []. */
  readonly isLast: Tensor;
  /** What the value is after that, of its shape. */
  readonly fresh: Tensor;
  /** What is made of the value after every step, such as bringing it back into a range. */
  readonly settled: (value: Tensor) => Tensor;
}

/** An optimizer of one value after the other, each with first slots and a count of steps of its own. */
export function restarting(inner: Optimizer, { every, isLast, fresh, settled }: Restart): Optimizer {
  const cleared = (slot: Tensor) => ops.where(isLast, ops.mul(slot, 0), slot);
  return {
    ...inner,
    isElementwise: false,
    scalars: (step, learningRate) => inner.scalars(((step - 1) % every) + 1, learningRate),
    update: (entries, scalars) =>
      inner.update(entries, scalars).map(({ parameter, slots }) => ({
        parameter: settled(ops.where(isLast, fresh, parameter)),
        slots: Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, cleared(slot)])),
      })),
  };
}
