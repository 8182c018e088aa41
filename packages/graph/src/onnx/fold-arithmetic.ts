import { type DType, isFloat } from "../dtype.js";
import { broadcastShapes, normalizeAxes, reducedShape, sizeOf } from "../shape.js";
import { numberOf, numbersOf } from "./call.js";
import { dtypeOf } from "./data-types.js";
import { broadcastReader, type FoldRule, fill, type Numbers, stridesOf } from "./fold-rule.js";

type Binary = (a: number, b: number, dtype: DType) => number;

function rounded(value: number, dtype: DType): number {
  if (dtype === "float32") return Math.fround(value);
  return isFloat(dtype) ? value : Math.trunc(value);
}

function binary(compute: Binary, result?: DType): FoldRule {
  return ({ values, limit }) => {
    const [a, b] = values;
    if (!a || !b) return undefined;
    const shape = broadcastShapes(a.shape, b.shape);
    if (sizeOf(shape) > limit) return undefined;
    const [left, right] = [broadcastReader(a, shape.length), broadcastReader(b, shape.length)];
    const dtype = result ?? a.dtype;
    return [
      { dtype, shape, data: fill(shape, (index) => rounded(compute(left(index), right(index), a.dtype), dtype)) },
    ];
  };
}

const truth = (compute: (a: number, b: number) => boolean): FoldRule => binary((a, b) => Number(compute(a, b)), "bool");

function unary(compute: (value: number, dtype: DType) => number): FoldRule {
  return ({ values: [x] }) => x && [{ ...x, data: x.data.map((value) => rounded(compute(value, x.dtype), x.dtype)) }];
}

/** Integers divide as in C; a zero divisor is left to the runtime. */
const divide: FoldRule = (context) => {
  const [a, b] = context.values;
  if (a && b && !isFloat(a.dtype) && b.data.includes(0)) return undefined;
  return binary((x, y) => x / y)(context);
};

/** The result has the sign of the divisor, or with fmod of the dividend. */
const modulo: FoldRule = (context) => {
  if (context.values[1]?.data.includes(0)) return undefined;
  const fmod = numberOf(context.call, "fmod", 0) === 1;
  return binary((a, b) => (fmod ? a % b : a - b * Math.floor(a / b)))(context);
};

const cast: FoldRule = ({ call, values: [x] }) => {
  const dtype = dtypeOf(numberOf(call, "to", 0));
  if (!x || !dtype) return undefined;
  const convert = dtype === "bool" ? (value: number) => Number(value !== 0) : (value: number) => rounded(value, dtype);
  if (!isFloat(dtype) && !x.data.every(Number.isFinite)) return undefined;
  return [{ dtype, shape: x.shape, data: x.data.map(convert) }];
};

const where: FoldRule = ({ values: [condition, a, b], limit }) => {
  if (!condition || !a || !b) return undefined;
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape));
  if (sizeOf(shape) > limit) return undefined;
  const [test, yes, no] = [condition, a, b].map((value) => broadcastReader(value, shape.length));
  return [{ dtype: a.dtype, shape, data: fill(shape, (index) => (test!(index) ? yes!(index) : no!(index))) }];
};

function reduction(start: number, step: (total: number, value: number) => number): FoldRule {
  return ({ call, values: [x, axesInput] }) => {
    if (!x) return undefined;
    const given = axesInput?.data ?? numbersOf(call, "axes");
    if (!given?.length && numberOf(call, "noop_with_empty_axes", 0) === 1) return [x];
    const axes = given?.length ? normalizeAxes(given, x.shape.length) : x.shape.map((_, i) => i);
    const kept = reducedShape(x.shape, axes, true);
    const strides = stridesOf(kept).map((stride, axis) => (axes.includes(axis) ? 0 : stride));
    const totals = new Array<number>(sizeOf(kept)).fill(start);
    let next = 0;
    fill(x.shape, (index) => {
      const target = strides.reduce((offset, stride, axis) => offset + stride * index[axis]!, 0);
      totals[target] = step(totals[target]!, x.data[next++]!);
      return 0;
    });
    const shape = reducedShape(x.shape, axes, numberOf(call, "keepdims", 1) === 1);
    return [{ dtype: x.dtype, shape, data: totals.map((value) => rounded(value, x.dtype)) } satisfies Numbers];
  };
}

/** Operators on numbers, elementwise or reducing. */
export const arithmetic: Readonly<Record<string, FoldRule>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: divide,
  Mod: modulo,
  Pow: binary((a, b) => a ** b),
  Max: binary((a, b) => Math.max(a, b)),
  Min: binary((a, b) => Math.min(a, b)),
  Equal: truth((a, b) => a === b),
  Less: truth((a, b) => a < b),
  LessOrEqual: truth((a, b) => a <= b),
  Greater: truth((a, b) => a > b),
  GreaterOrEqual: truth((a, b) => a >= b),
  And: truth((a, b) => Boolean(a && b)),
  Or: truth((a, b) => Boolean(a || b)),
  Xor: truth((a, b) => a !== b),
  Not: ({ values: [x] }) => x && [{ ...x, data: x.data.map((value) => Number(!value)) }],
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Sign: unary(Math.sign),
  Relu: unary((x) => Math.max(0, x)),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Reciprocal: unary((x) => 1 / x),
  Cast: cast,
  Where: where,
  ReduceSum: reduction(0, (total, value) => total + value),
  ReduceProd: reduction(1, (total, value) => total * value),
  ReduceMax: reduction(Number.NEGATIVE_INFINITY, Math.max),
  ReduceMin: reduction(Number.POSITIVE_INFINITY, Math.min),
};
