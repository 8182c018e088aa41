import { GraphError } from "../errors.js";
import { gradientOf, type InferContext, type Operator, required } from "../operator.js";
import * as f from "./build.js";

function ratioOf(node: InferContext): number {
  const ratio = node.inputs[1];
  if (!ratio) return 0.5;
  if (ratio.source.kind !== "constant") throw new GraphError("NOT_CONSTANT", "the ratio must be a constant");
  return Number(ratio.source.data[0]);
}

function isTraining(node: InferContext): boolean {
  const mode = node.inputs[2];
  if (!mode) return false;
  if (mode.source.kind !== "constant") throw new GraphError("NOT_CONSTANT", "training_mode must be a constant");
  return Boolean(mode.source.data[0]);
}

/**
 * ONNX's own Dropout, for graphs that have it. Its random state lives in the session, so that a resumed run draws other
 * masks; `dropout` in build.ts is the one to train with.
 */
export const dropouts: readonly Operator[] = [
  {
    name: "Dropout",
    inputs: [1, 3],
    attributes: { seed: "int" },
    isRandom: isTraining,
    infer: (context) => {
      const { dtype, shape } = required(context, 0);
      return [
        { dtype, shape },
        { dtype: "bool", shape },
      ];
    },
    gradient: (context) => {
      const g = gradientOf(context);
      if (!isTraining(context.node)) return [g, "zero"];
      const mask = f.cast(context.outputs[1]!, g.dtype);
      return [f.mul(f.mul(g, mask), 1 / (1 - ratioOf(context.node)))];
    },
  },
];
