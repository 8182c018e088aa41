import { GraphError } from "../errors.js";
import { gradientOf, type InferContext, numberAttribute, type Operator, required } from "../operator.js";
import { formatShape, type Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import * as f from "./build.js";

function blockOf(context: InferContext): number {
  const block = numberAttribute(context.attributes, "blocksize", 0);
  if (Number.isInteger(block) && block >= 1) return block;
  throw new GraphError("ATTRIBUTE_INVALID", `blocksize must be a positive integer, got ${block}`, { value: block });
}

function isColumnRowDepth(context: InferContext): boolean {
  const mode = context.attributes.mode ?? "DCR";
  if (mode === "DCR" || mode === "CRD") return mode === "CRD";
  throw new GraphError("ATTRIBUTE_INVALID", `mode ${mode} is not known`, { value: mode, fix: "Use DCR or CRD." });
}

function planesOf({ shape }: Tensor): readonly [number, number, number, number] {
  const [n, c, h, w] = shape;
  if (shape.length === 4 && n !== undefined && c !== undefined && h !== undefined && w !== undefined)
    return [n, c, h, w];
  throw new GraphError("SHAPE_MISMATCH", `takes [N, C, H, W], got ${formatShape(shape)}`, { value: shape });
}

function indivisible(what: string, shape: Shape, divisor: number): GraphError {
  return new GraphError("SHAPE_MISMATCH", `${what} of ${formatShape(shape)} cannot be divided by ${divisor}`, {
    value: shape,
  });
}

/** The inverse of DepthToSpace with mode CRD, which has no operator of its own. */
function gatherColumnRowDepth(g: Tensor, [n, c, h, w]: readonly number[], block: number): Tensor {
  const split = f.reshape(g, [n!, c! / block ** 2, h!, block, w!, block]);
  return f.reshape(f.transpose(split, [0, 1, 3, 5, 2, 4]), [n!, c!, h!, w!]);
}

const depthToSpace: Operator = {
  name: "DepthToSpace",
  inputs: [1, 1],
  attributes: { blocksize: "int", mode: "string" },
  infer: (context) => {
    const x = required(context, 0);
    const [[n, c, h, w], block] = [planesOf(x), blockOf(context)];
    isColumnRowDepth(context);
    if (c % block ** 2 !== 0) throw indivisible("channels", x.shape, block ** 2);
    return [{ dtype: x.dtype, shape: [n, c / block ** 2, h * block, w * block] }];
  },
  gradient: (context) => {
    const [g, block] = [gradientOf(context), blockOf(context.node)];
    if (isColumnRowDepth(context.node)) return [gatherColumnRowDepth(g, context.inputs[0]!.shape, block)];
    return [f.emitOne("SpaceToDepth", [g], { blocksize: block })];
  },
};

const spaceToDepth: Operator = {
  name: "SpaceToDepth",
  inputs: [1, 1],
  attributes: { blocksize: "int" },
  infer: (context) => {
    const x = required(context, 0);
    const [[n, c, h, w], block] = [planesOf(x), blockOf(context)];
    if (h % block !== 0 || w % block !== 0) throw indivisible("planes", x.shape, block);
    return [{ dtype: x.dtype, shape: [n, c * block ** 2, h / block, w / block] }];
  },
  gradient: (context) => [
    f.emitOne("DepthToSpace", [gradientOf(context)], { blocksize: blockOf(context.node), mode: "DCR" }),
  ],
};

export const depthSpaces: readonly Operator[] = [depthToSpace, spaceToDepth];
