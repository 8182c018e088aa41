import { ops, type Tensor } from "@limbeck/graph";
import type { ModelBody } from "../../models/body.js";
import { traceModel } from "../../models/layers.js";
import type { Model } from "../../models/model.js";

/** Sizes of the projection head. */
export interface HeadSizes {
  readonly hidden: number;
  readonly bottleneck: number;
  readonly prototypes: number;
}

/** The last layer's directions, [prototypes, bottleneck]. */
export const PROTOTYPES = "head.prototypes";

/** Keeps the gradient of a length finite where it is 0. */
const EPS = 1e-12;

/** A network's body with the projection head: it answers with scores of prototypes, [N, prototypes]. */
export function projected({ model: body, width }: ModelBody, sizes: HeadSizes): Model {
  const head = projectionHead(width, sizes);
  return {
    ...body,
    parameters: [...body.parameters, ...head.parameters],
    buffers: [...body.buffers, ...head.buffers],
    forward: (images, weights, training) => {
      const { logits: features, taps, buffers } = body.forward(images, weights, training);
      const places = ops.reshape(features, [features.shape[0]!, width, 1, 1]);
      const { logits, buffers: own } = head.forward(places, weights, training);
      return { logits, taps, buffers: { ...buffers, ...own } };
    },
  };
}

/**
 * Three dense layers, features of length 1, and a weight-normalized layer whose lengths stay 1. Batch normalization, which the
 * authors offer and leave off, is for networks that have none, whose features hardly depend on the image at the start.
 */
function projectionHead(width: number, { hidden, bottleneck, prototypes }: HeadSizes): Model {
  return traceModel("projection", { channels: width, height: 1, width: 1 }, (layers, images) => {
    const hiddenLayer = (i: number, x: Tensor) =>
      ops.gelu(layers.batchNorm(`head.bn${i}`, layers.linear(`head.fc${i}`, x, hidden)));
    const second = hiddenLayer(2, hiddenLayer(1, ops.reshape(images, [-1, width])));
    const narrow = unit(layers.linear("head.fc3", second, bottleneck));
    const directions = layers.parameter(PROTOTYPES, [prototypes, bottleneck], { kind: "normal", std: 1 });
    return { logits: ops.matmul(narrow, ops.swapLast(unit(directions))), taps: {} };
  });
}

/** Rows of length 1. */
function unit(rows: Tensor): Tensor {
  const square = ops.reduceSum(ops.mul(rows, rows), { axes: [1], keepdims: true });
  return ops.div(rows, ops.sqrt(ops.add(square, EPS)));
}
