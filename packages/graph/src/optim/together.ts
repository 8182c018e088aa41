import { concat, reshape } from "../ops/build.js";
import { sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { Optimizer, OptimizerEntry, OptimizerUpdate } from "./optimizer.js";

/** Larger parameters are updated one by one: they are not worth a copy. */
const MOST_ELEMENTS = 1 << 15;
const FEWEST_TOGETHER = 4;

/**
 * Emits the update of all parameters. The many small ones (biases, scales, small filters) are laid end to end and updated
 * as one, which spares a handful of nodes for each; the numbers are the same. Only where the optimizer treats elements
 * alike.
 */
export function updateAll(
  optimizer: Optimizer,
  entries: readonly OptimizerEntry[],
  scalars: Readonly<Record<string, Tensor>>,
): readonly OptimizerUpdate[] {
  const small = entries.filter((entry) => isSmall(entry));
  if (!optimizer.isElementwise || small.length < FEWEST_TOGETHER) return optimizer.update(entries, scalars);
  const [together] = optimizer.update([joined(small)], scalars);
  const updates = new Map(split(small, together!).map((update, i) => [small[i]!, update]));
  const large = entries.filter((entry) => !isSmall(entry));
  for (const [i, update] of optimizer.update(large, scalars).entries()) updates.set(large[i]!, update);
  return entries.map((entry) => updates.get(entry)!);
}

/** Products of matrices are left alone: an optimizer may let them add up momentum themselves. */
function isSmall({ parameter, gradient }: OptimizerEntry): boolean {
  const isProduct = gradient.source.kind === "node" && gradient.source.node.op === "Gemm";
  return parameter.dtype === "float32" && sizeOf(parameter.shape) <= MOST_ELEMENTS && !isProduct;
}

function joined(entries: readonly OptimizerEntry[]): OptimizerEntry {
  const join = (tensors: readonly Tensor[]) =>
    concat(
      tensors.map((tensor) => reshape(tensor, [sizeOf(tensor.shape)])),
      0,
    );
  const slots = Object.keys(entries[0]!.slots);
  return {
    parameter: join(entries.map(({ parameter }) => parameter)),
    gradient: join(entries.map(({ gradient }) => gradient)),
    slots: Object.fromEntries(slots.map((slot) => [slot, join(entries.map((entry) => entry.slots[slot]!))])),
  };
}

function split(entries: readonly OptimizerEntry[], { parameter, slots }: OptimizerUpdate): OptimizerUpdate[] {
  const sizes = entries.map((entry) => sizeOf(entry.parameter.shape));
  const parts = (whole: Tensor) =>
    whole.graph
      .emit("Split", [whole, whole.graph.ints(sizes)], { axis: 0 })
      .map((part, i) => reshape(part, entries[i]!.parameter.shape));
  const parameters = parts(parameter);
  const slotParts = Object.entries(slots).map(([slot, whole]) => [slot, parts(whole)] as const);
  return entries.map((_, i) => ({
    parameter: parameters[i]!,
    slots: Object.fromEntries(slotParts.map(([slot, all]) => [slot, all[i]!])),
  }));
}
