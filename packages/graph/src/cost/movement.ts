import { numbersAttribute } from "../operator.js";
import { type CostRule, type CostRules, FREE, inputSize, operations, outputSize } from "./cost.js";

const free: CostRule = () => FREE;

/** Repeated positions may add up: one operation an update. */
const scatter: CostRule = (node) => {
  const reduction = node.attributes.reduction ?? "none";
  return reduction === "none" ? FREE : operations(inputSize(node, 2));
};

/** Weighted sums of 2 (linear) or 4 (cubic) neighbors along every axis that changes. */
const resize: CostRule = (node) => {
  const neighbors = { linear: 2, cubic: 4 }[String(node.attributes.mode ?? "nearest")];
  if (!neighbors) return FREE;
  const [from, to] = [node.inputs[0]!.shape, node.outputs[0]!.shape];
  const axes = numbersAttribute(node.attributes, "axes")?.length ?? from.length;
  const changed = Math.min(axes, from.filter((size, axis) => size !== to[axis]).length);
  return operations(changed === 0 ? 0 : 2 * neighbors ** changed * outputSize(node));
};

/** Operators that cost nothing, whatever their shapes. */
export const MOVING: readonly string[] = [
  ...["BlackmanWindow", "Cast", "CastLike", "Compress", "Concat", "ConstantOfShape", "DepthToSpace", "Dropout"],
  ...["Expand", "EyeLike", "Flatten", "Gather", "GatherElements", "GatherND", "HammingWindow", "HannWindow"],
  ...["Identity", "MelWeightMatrix", "NonZero", "OneHot", "Pad", "Range", "Reshape", "ReverseSequence", "Shape"],
  ...["Size", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Trilu", "Unique", "Unsqueeze"],
  "Where",
];

/** What moves values, selects them, or makes up constants. */
export const movement: CostRules = {
  ...Object.fromEntries(MOVING.map((name) => [name, free])),
  Resize: resize,
  ScatterElements: scatter,
  ScatterND: scatter,
};
