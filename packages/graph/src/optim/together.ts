import { concat, reshape } from "../ops/build.js";
import { sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { Optimizer, OptimizerEntry, OptimizerUpdate } from "./optimizer.js";

/** Larger parameters are updated one by one: they are not worth a copy. */
const MOST_ELEMENTS = 1 << 15;
/** More would keep what their gradients are made of waiting for too long. */
const MOST_TOGETHER = 16;

/**
 * Emits the update of all parameters, in their order. Small ones (biases, scales, small filters) that follow on each other are
 * laid end to end and updated as one, which spares a handful of nodes for each; the numbers are the same. Only where the
 * optimizer treats elements alike.
 */
export function updateAll(
  optimizer: Optimizer,
  entries: readonly OptimizerEntry[],
  scalars: Readonly<Record<string, Tensor>>,
): readonly OptimizerUpdate[] {
  if (!optimizer.isElementwise) return optimizer.update(entries, scalars);
  const updates = new Map<OptimizerEntry, OptimizerUpdate>();
  for (const group of groupsOf(entries)) {
    const [update] = optimizer.update([group.length === 1 ? group[0]! : joined(group)], scalars);
    const apart = group.length === 1 ? [update!] : split(group, update!);
    for (const [i, entry] of group.entries()) updates.set(entry, apart[i]!);
  }
  return entries.map((entry) => updates.get(entry)!);
}

/** A group stands where its first member did. */
function groupsOf(entries: readonly OptimizerEntry[]): OptimizerEntry[][] {
  const groups: OptimizerEntry[][] = [];
  let small: OptimizerEntry[] | undefined;
  for (const entry of entries) {
    if (!isSmall(entry)) {
      groups.push([entry]);
      continue;
    }
    if (!small || small.length === MOST_TOGETHER) {
      small = [];
      groups.push(small);
    }
    small.push(entry);
  }
  return groups;
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
