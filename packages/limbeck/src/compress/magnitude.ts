import { ops } from "@limbeck/graph";
import { constant } from "../models/initial.js";
import type { Model, ModelValues, TensorSpec } from "../models/model.js";
import type { PruneTraining } from "./options.js";
import { PruneSchedule } from "./schedule.js";

const maskOf = (weight: string) => `prune.${weight}.mask`;

type Magnitude = Extract<PruneTraining, { kind: "magnitude" }>;

/**
 * A model that loses the smallest of its weights while it trains: those of convolutions and linear layers, never biases nor
 * normalizations. What is gone stays gone. Han et al. 2015; the schedule of Zhu & Gupta 2017.
 * @param steps of the whole training
 */
export function pruneWeights(model: Model, options: Magnitude, steps: number): Model {
  const pruned = model.parameters.filter(({ name, shape }) => name.endsWith(".weight") && shape.length >= 2);
  const schedule = new PruneSchedule(options, steps);
  const { deployed } = model;
  return {
    ...model,
    buffers: [...model.buffers, ...pruned.map(({ name, shape }) => ({ name: maskOf(name), shape, init: constant(1) }))],
    forward: (images, weights, training) => {
      const kept = pruned.map(({ name }) => [name, ops.mul(weights[name]!, weights[maskOf(name)]!)] as const);
      const result = model.forward(images, { ...weights, ...Object.fromEntries(kept) }, training);
      const masks = pruned.map(({ name }) => [maskOf(name), ops.identity(weights[maskOf(name)]!)] as const);
      return { ...result, buffers: { ...result.buffers, ...Object.fromEntries(masks) } };
    },
    between: {
      settings: { prune: options },
      values: (step, values) => {
        const share = schedule.at(step);
        return share === undefined ? undefined : masksFor(pruned, values(), share, options.scope);
      },
    },
    deployed: {
      ...(deployed ?? { model }),
      convert: (values) => {
        const whole = { ...values, ...keptWeights(pruned, values) };
        return deployed ? deployed.convert(whole) : whole;
      },
    },
  };
}

/** Weights with zeros where they are gone. */
function keptWeights(pruned: readonly TensorSpec[], values: ModelValues): ModelValues {
  const kept = pruned.map(({ name }) => {
    const mask = values[maskOf(name)]!;
    return [name, values[name]!.map((value, i) => value * mask[i]!)] as const;
  });
  return Object.fromEntries(kept);
}

function masksFor(pruned: readonly TensorSpec[], values: ModelValues, share: number, scope: Magnitude["scope"]) {
  const kept = keptWeights(pruned, values);
  const sizes = pruned.map(({ name }) => kept[name]!.map(Math.abs));
  const parts = scope === "layer" ? sizes.flatMap((own) => smallest([own], share)) : smallest(sizes, share);
  return Object.fromEntries(pruned.map(({ name }, i) => [maskOf(name), parts[i]!]));
}

/** Masks with zeros for exactly the smallest share of numbers; of equal ones, the first go. */
function smallest(parts: readonly Float32Array[], share: number): Float32Array[] {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  const count = Math.round(share * all.length);
  all.sort();
  const threshold = count > 0 ? all[count - 1]! : -1;
  let ties = count - all.subarray(0, count).indexOf(threshold);
  return parts.map((part) => part.map((value) => Number(!(value < threshold || (value === threshold && ties-- > 0)))));
}
