import { type Optimizer, ops, type Tensor } from "@limbeck/graph";
import { clearedSlots, stepWithin } from "./restarting.js";

/** When one task is over and the next begins. */
export interface Tasks {
  /** Steps of a task. */
  readonly every: number;
  /** Whether a step is the first or the last one of its task, bool []. */
  readonly isFirst: Tensor;
  readonly isLast: Tensor;
  /** Learning rate of the first values, as a multiple of that of a task. */
  readonly rate: number;
}

/** Slot of where the task began. */
const START = "start";
/** Slot of the gradients of the task so far, added up. */
const SUM = "gradients";
const META = "meta/";

/**
 * First-order meta-learning (FOMAML): each task starts from the same values, which then take one step along all gradients of
 * the task. The next task starts from what they have become, with the inner optimizer's slots at zero.
 */
export function metaLearned(inner: Optimizer, { every, isFirst, isLast, rate }: Tasks): Optimizer {
  const after = (prefix: string, all: Readonly<Record<string, Tensor>>, names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, all[`${prefix}${name}`]!]));
  const named = <T>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [`${META}${name}`, value]));
  const outerNames = Object.keys(inner.scalars(1, 1));
  return {
    name: `meta-${inner.name}`,
    slots: [...inner.slots, START, SUM, ...inner.slots.map((slot) => `${META}${slot}`)],
    isElementwise: false,
    scalars: (step, learningRate) => ({
      ...inner.scalars(stepWithin(step, every), learningRate),
      ...named(inner.scalars(Math.ceil(step / every), learningRate * rate)),
    }),
    update: (entries, scalars) => {
      const begun = entries.map(({ parameter, gradient, slots }) => ({
        start: ops.where(isFirst, parameter, slots[START]!),
        sum: ops.where(isFirst, gradient, ops.add(slots[SUM]!, gradient)),
      }));
      const own = entries.map((entry) => ({ ...entry, slots: after("", entry.slots, inner.slots) }));
      const meta = entries.map(({ slots }, i) => ({
        parameter: begun[i]!.start,
        gradient: begun[i]!.sum,
        slots: after(META, slots, inner.slots),
      }));
      const fast = inner.update(own, after("", scalars, outerNames));
      const slow = inner.update(meta, after(META, scalars, outerNames));
      return fast.map((update, i) => {
        const { parameter, slots } = slow[i]!;
        const settled = Object.entries(slots).map(([name, slot]) => [
          name,
          ops.where(isLast, slot, meta[i]!.slots[name]!),
        ]);
        return {
          parameter: ops.where(isLast, parameter, update.parameter),
          slots: {
            ...clearedSlots(update.slots, isLast),
            ...named(Object.fromEntries(settled) as Record<string, Tensor>),
            [START]: begun[i]!.start,
            [SUM]: begun[i]!.sum,
          },
        };
      });
    },
  };
}
