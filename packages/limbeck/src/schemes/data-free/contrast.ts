import { type Graph, ops, type Tensor } from "@limbeck/graph";
import { constant, normal } from "../../models/initial.js";
import type { TensorSpec } from "../../models/model.js";
import { normalizedValues } from "./statistics.js";

/** What stands before the names of the network that compares images. */
export const HEAD = "contrast/";

/** A logit of what is not there. */
const NOTHING = -1e9;
/** A length below which a vector has no direction. */
const SHORTEST = 1e-12;

/** What a teacher sees in images: the mean over places of what each of its batch normalizations reads, [N, D]. */
export function sightOf(images: Tensor, logits: Tensor): Tensor {
  const means = normalizedValues(images, logits, "found").map(({ input }) => {
    const axes = input.shape.slice(2).map((_, i) => i + 2);
    return axes.length === 0 ? input : ops.reduceMean(input, { axes });
  });
  return means.length === 1 ? means[0]! : ops.concat(means, 1);
}

/** Parameters of the head that compares sights of a length, by PyTorch's names. @param size of what it returns */
export function headTensors(sight: number, size: number): TensorSpec[] {
  return [
    { name: "head.0.weight", shape: [sight, sight], init: normal(1 / Math.sqrt(sight)) },
    { name: "head.0.bias", shape: [sight], init: constant(0) },
    { name: "head.2.weight", shape: [size, sight], init: normal(1 / Math.sqrt(sight)) },
    { name: "head.2.bias", shape: [size], init: constant(0) },
  ];
}

/** Two layers, and directions of what they return. */
export function project(sight: Tensor, weights: Readonly<Record<string, Tensor>>): Tensor {
  const hidden = ops.relu(ops.linear(sight, weights["head.0.weight"]!, weights["head.0.bias"]!));
  const last = ops.linear(hidden, weights["head.2.weight"]!, weights["head.2.bias"]!);
  const square = ops.reduceSum(ops.mul(last, last), { axes: [1], keepdims: true });
  return ops.div(last, ops.sqrt(ops.maximum(square, SHORTEST * SHORTEST)));
}

/** Directions of images of the batch [N, S], and of others that were kept [M, S]. */
export interface Views {
  readonly local: Tensor;
  readonly whole: Tensor;
  readonly keptLocal: Tensor;
  readonly keptWhole: Tensor;
  /** Which of the kept ones are there: 1 or 0, [M]. */
  readonly isKept: Tensor;
}

/**
 * How far each image's detail is from being known by the image as a whole among all of them: cross-entropy of cosines over
 * the temperature, averaged over the batch, plus that averaged over the kept ones. Wholes are detached: the detail moves.
 */
export function contrastLoss({ local, whole, keptLocal, keptWhole, isKept }: Views, temperature: number): Tensor {
  const { graph } = local;
  const [own, others] = [local.shape[0]!, keptLocal.shape[0]!];
  const details = ops.concat([local, keptLocal], 0);
  const wholes = ops.detach(ops.concat([whole, keptWhole], 0));
  const isThere = ops.concat([ops.full(graph, [own], 1), isKept], 0);
  const cosines = ops.div(ops.matmul(details, ops.transpose(wholes)), temperature);
  const logits = ops.add(cosines, ops.mul(ops.sub(1, isThere), NOTHING));
  const logs = ops.logSoftmax(logits);
  const ownPlace = ops.reduceSum(ops.mul(logs, identity(graph, own + others)), { axes: [1] });
  const missed = ops.where(ops.greater(isThere, 0), ops.neg(ownPlace), ops.mul(isThere, 0));
  const ofBatch = ops.reduceMean(ops.slice(missed, [0], [own], [0]));
  const sumOfKept = ops.reduceSum(ops.slice(missed, [own], [own + others], [0]));
  return ops.add(ofBatch, ops.div(sumOfKept, ops.maximum(ops.reduceSum(isKept), 1)));
}

function identity(graph: Graph, size: number): Tensor {
  return ops.oneHot(graph.ints(Array.from({ length: size }, (_, i) => i)), size);
}
