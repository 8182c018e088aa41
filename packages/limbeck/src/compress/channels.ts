import { GraphError, ops, sizeOf, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { modelCost } from "../models/inference.js";
import { constant } from "../models/initial.js";
import { type Model, type ModelValues, type TensorSpec, tensorsOf } from "../models/model.js";
import { LimbeckError } from "../support/errors.js";
import { type ChannelGroup, channelGroups, type Part } from "./channel-groups.js";
import type { PruneTraining } from "./options.js";
import { PruneSchedule } from "./schedule.js";

const maskOf = ({ weight }: Pick<ChannelGroup, "weight">) => `prune.${weight}.channels`;

type Channels = Extract<PruneTraining, { kind: "channels" }>;

/**
 * A model that loses channels while it trains, the same share of each layer: in training those who take a channel see zeros in
 * its place; exported, layers are smaller and give the same answers. Channels that are added to others (residual connections)
 * stay. Li et al. 2017, Pruning Filters for Efficient ConvNets (`l1`); Liu et al. 2017, Network Slimming (`batch-norm`).
 * @param plain the model without what other trainings make of it: what is exported is cut out of it
 * @param steps of the whole training
 * @throws LimbeckError RECIPE_INVALID where no channel can go
 */
export function pruneChannels(
  model: Model,
  plain: Model,
  geometry: ImageGeometry,
  options: Channels,
  steps: number,
): Model {
  const { groups, excluded } = channelGroups(plain, [1, geometry.channels, geometry.height, geometry.width]);
  if (plain.deployed) throw unfit(plain, "it trains in another form than it is exported in");
  if (groups.length === 0) throw unfit(plain, [...excluded].map(([name, why]) => `${name}: ${why}`).join("; "));
  const schedule = new PruneSchedule(options, steps);
  const shapes = new Map(tensorsOf(plain).map(({ name, shape }) => [name, shape]));
  const small = smaller(plain, groups, options.sparsity);
  requireWhole(small, plain, geometry);
  return {
    ...model,
    buffers: [
      ...model.buffers,
      ...groups.map((group) => ({ name: maskOf(group), shape: [group.channels], init: constant(1) })),
    ],
    forward: (images, weights, training) => {
      const seen: Record<string, Tensor> = { ...weights };
      for (const group of groups) {
        for (const taker of group.takers) seen[taker.name] = masked(seen[taker.name]!, weights[maskOf(group)]!, taker);
      }
      const result = model.forward(images, seen, training);
      const masks = groups.map((group) => [maskOf(group), ops.identity(weights[maskOf(group)]!)] as const);
      return { ...result, buffers: { ...result.buffers, ...Object.fromEntries(masks) } };
    },
    between: {
      settings: { prune: options },
      values: (step, values) => {
        const share = schedule.at(step);
        if (share === undefined) return undefined;
        const now = values();
        return Object.fromEntries(groups.map((group) => [maskOf(group), maskFor(group, now, share, options.by)]));
      },
    },
    deployed: {
      ...model.deployed,
      model: small,
      convert: (values) => groups.reduce((known, group) => sliced(known, group, shapes, values), values),
    },
  };
}

function unfit({ family }: Model, reason: string): LimbeckError {
  return new LimbeckError("RECIPE_INVALID", `${family} cannot lose channels: ${reason}`, {
    where: "student.prune",
    value: family,
    fix: "Choose another student, or kind: magnitude.",
  });
}

const keptOf = (channels: number, share: number) => Math.max(1, channels - Math.round(share * channels));

/** The model with what is left in the end. */
function smaller(model: Model, groups: readonly ChannelGroup[], sparsity: number): Model {
  const shrunk = (spec: TensorSpec): TensorSpec => {
    const shape = [...spec.shape];
    for (const { makers, takers, channels } of groups) {
      for (const { name, axis, repeat } of [...makers, ...takers]) {
        if (name === spec.name) shape[axis] = keptOf(channels, sparsity) * repeat;
      }
    }
    return { ...spec, shape };
  };
  return { ...model, parameters: model.parameters.map(shrunk), buffers: model.buffers.map(shrunk) };
}

/** A family may count on its channels. @throws LimbeckError RECIPE_INVALID */
function requireWhole(small: Model, model: Model, geometry: ImageGeometry): void {
  try {
    modelCost(small, geometry);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    throw unfit(model, `it cannot be built with fewer: ${error.message}`);
  }
}

/** A weight whose parts for channels that are gone are zeros. */
function masked(weight: Tensor, mask: Tensor, { axis, repeat }: Part): Tensor {
  const [channels] = mask.shape as [number];
  const wide = repeat === 1 ? mask : ops.expand(ops.reshape(mask, [channels, 1]), [channels, repeat]);
  return ops.mul(
    weight,
    ops.reshape(
      wide,
      weight.shape.map((_, i) => (i === axis ? channels * repeat : 1)),
    ),
  );
}

/** Keeps the channels that are worth most; what is gone stays gone, and of equal ones the first go. */
function maskFor(group: ChannelGroup, values: ModelValues, share: number, by: Channels["by"]): Float32Array {
  const { channels, weight, scale } = group;
  const known = values[maskOf(group)]!;
  const ranked = by === "batch-norm" && scale ? values[scale]!.map(Math.abs) : sumsOf(values[weight]!, channels);
  const order = Array.from({ length: channels }, (_, c) => c).sort(
    (a, b) => known[a]! - known[b]! || ranked[a]! - ranked[b]! || a - b,
  );
  const mask = new Float32Array(channels).fill(1);
  for (const channel of order.slice(0, channels - keptOf(channels, share))) mask[channel] = 0;
  return mask;
}

function sumsOf(weight: Float32Array, channels: number): Float32Array {
  const size = weight.length / channels;
  const sum = (c: number) =>
    weight.subarray(c * size, (c + 1) * size).reduce((total, value) => total + Math.abs(value), 0);
  return Float32Array.from({ length: channels }, (_, c) => sum(c));
}

/** Values without the channels of a group that are gone. @param shapes of whole tensors @param trained holds the masks */
function sliced(
  values: ModelValues,
  group: ChannelGroup,
  shapes: ReadonlyMap<string, readonly number[]>,
  trained: ModelValues,
): ModelValues {
  const mask = trained[maskOf(group)]!;
  const parts = [...group.makers, ...group.takers].map(({ name, axis, repeat }) => {
    const data = values[name]!;
    // The other of the first two axes may have been cut already.
    const size = axis === 0 ? data.length / mask.length : repeat * sizeOf(shapes.get(name)!.slice(2));
    return [name, data.filter((_, i) => mask[Math.floor(i / size) % mask.length] !== 0)] as const;
  });
  return { ...values, ...Object.fromEntries(parts) };
}
