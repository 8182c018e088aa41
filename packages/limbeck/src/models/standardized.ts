import { ops } from "@limbeck/graph";
import { type Moments, spreadsOf } from "../data/moments/moments.js";
import type { Model } from "./model.js";

/** A model that brings each column of rows or windows, or all of a sound, to mean 0 and deviation 1 first, so that its file takes them as they are. */
export function standardized(model: Model, moments: Pick<Moments, "mean" | "std">): Model {
  const { deployed } = model;
  return {
    ...model,
    forward: (rows, weights, training) => {
      const perColumn = (values: readonly number[]) =>
        rows.graph.constant("float32", [values.length, 1, 1], [...values]);
      const centered = ops.sub(rows, perColumn(moments.mean));
      return model.forward(ops.div(centered, perColumn(spreadsOf(moments))), weights, training);
    },
    ...(deployed ? { deployed: { ...deployed, model: standardized(deployed.model, moments) } } : {}),
  };
}
