import { type Optimizer, ops, type Tensor } from "@limbeck/graph";

/** When values begin anew, and as what. */
export interface Restart {
  /** Steps from one beginning to the next. */
  readonly every: number;
  /** Whether a step is the last one before, bool []. */
  readonly isLast: Tensor;
  /** What a parameter is after that, of its shape. */
  readonly fresh: (parameter: Tensor) => Tensor;
  /** What is made of a value after every step, such as bringing it back into a range. Default: nothing. */
  readonly settled?: (value: Tensor) => Tensor;
}

/** The number of a step, from 1, within what begins anew. */
export const stepWithin = (step: number, every: number): number => ((step - 1) % every) + 1;

/** Slots that are zero where something begins anew. */
export function clearedSlots(slots: Readonly<Record<string, Tensor>>, isLast: Tensor): Record<string, Tensor> {
  const cleared = (slot: Tensor) => ops.where(isLast, ops.mul(slot, 0), slot);
  return Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, cleared(slot)]));
}

/** An optimizer of one set of values after the other, each with first slots and a count of steps of its own. */
export function restarting(inner: Optimizer, { every, isLast, fresh, settled = (value) => value }: Restart): Optimizer {
  return {
    ...inner,
    isElementwise: false,
    scalars: (step, learningRate) => inner.scalars(stepWithin(step, every), learningRate),
    update: (entries, scalars) =>
      inner.update(entries, scalars).map((update, i) => ({
        parameter: settled(ops.where(isLast, fresh(entries[i]!.parameter), update.parameter)),
        slots: clearedSlots(update.slots, isLast),
      })),
  };
}
