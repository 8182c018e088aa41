import type { Tensor } from "../tensor.js";
import { emitOne, type Operand, type ReduceOptions } from "./build.js";

export const tan = (x: Tensor): Tensor => emitOne("Tan", [x]);
export const sinh = (x: Tensor): Tensor => emitOne("Sinh", [x]);
export const cosh = (x: Tensor): Tensor => emitOne("Cosh", [x]);
export const asin = (x: Tensor): Tensor => emitOne("Asin", [x]);
export const acos = (x: Tensor): Tensor => emitOne("Acos", [x]);
export const atan = (x: Tensor): Tensor => emitOne("Atan", [x]);
export const asinh = (x: Tensor): Tensor => emitOne("Asinh", [x]);
export const acosh = (x: Tensor): Tensor => emitOne("Acosh", [x]);
export const atanh = (x: Tensor): Tensor => emitOne("Atanh", [x]);
export const erf = (x: Tensor): Tensor => emitOne("Erf", [x]);
export const reciprocal = (x: Tensor): Tensor => emitOne("Reciprocal", [x]);

export const floor = (x: Tensor): Tensor => emitOne("Floor", [x]);
export const ceil = (x: Tensor): Tensor => emitOne("Ceil", [x]);
/** Rounds halves to the even neighbor. */
export const round = (x: Tensor): Tensor => emitOne("Round", [x]);
/** The remainder of `a / b` with the sign of `a`, as C's `fmod`. */
export const fmod = (a: Tensor, b: Operand): Tensor =>
  emitOne("Mod", [a, typeof b === "number" ? a.graph.scalar(b, a.dtype) : b], { fmod: 1 });

export const lessOrEqual = (a: Tensor, b: Operand): Tensor =>
  emitOne("LessOrEqual", [a, typeof b === "number" ? a.graph.scalar(b, a.dtype) : b]);
export const greaterOrEqual = (a: Tensor, b: Operand): Tensor =>
  emitOne("GreaterOrEqual", [a, typeof b === "number" ? a.graph.scalar(b, a.dtype) : b]);
export const or = (a: Tensor, b: Tensor): Tensor => emitOne("Or", [a, b]);
export const xor = (a: Tensor, b: Tensor): Tensor => emitOne("Xor", [a, b]);
export const isNan = (x: Tensor): Tensor => emitOne("IsNaN", [x]);
export const isInf = (x: Tensor): Tensor => emitOne("IsInf", [x]);

/** The sum of one or more tensors that broadcast. */
export const sumOf = (parts: readonly Tensor[]): Tensor => emitOne("Sum", parts);
/** The mean of one or more tensors that broadcast. */
export const meanOf = (parts: readonly Tensor[]): Tensor => emitOne("Mean", parts);
/** The elementwise maximum of one or more tensors that broadcast. */
export const maximumOf = (parts: readonly Tensor[]): Tensor => emitOne("Max", parts);
/** The elementwise minimum of one or more tensors that broadcast. */
export const minimumOf = (parts: readonly Tensor[]): Tensor => emitOne("Min", parts);

function reduce(op: string, x: Tensor, options: ReduceOptions): Tensor {
  const keepdims = options.keepdims ? 1 : 0;
  return emitOne(op, [x], options.axes ? { axes: options.axes, keepdims } : { keepdims });
}

export const reduceMin = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("ReduceMin", x, options);
export const reduceProd = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("ReduceProd", x, options);
export const reduceL1 = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("ReduceL1", x, options);
export const reduceLogSum = (x: Tensor, options: ReduceOptions = {}): Tensor => reduce("ReduceLogSum", x, options);
export const reduceSumSquare = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  reduce("ReduceSumSquare", x, options);
