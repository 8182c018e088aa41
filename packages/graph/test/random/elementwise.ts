import { ops, type Tensor } from "../../src/index.js";
import type { ProgramBuilder, Step } from "./builder.js";

/** At least 1 and smooth: for roots, logarithms and divisors. */
export const atLeastOne = (x: Tensor): Tensor => ops.add(ops.mul(x, x), 1);

/** Between -1 and 1, for what grows fast. */
const tamed = (x: Tensor): Tensor => ops.tanh(x);

const unary =
  (apply: (x: Tensor) => Tensor): Step =>
  (build) =>
    apply(build.pick());

/** A function with kinks where a value crosses the given ones. */
function kinked(apply: (x: Tensor) => Tensor, ...kinks: readonly number[]): Step {
  return (build) => {
    const x = build.pick();
    for (const kink of kinks) build.side(ops.greater(x, kink));
    return apply(x);
  };
}

/** Two values that broadcast: where sizes differ, one of them is cut to size 1. */
function operands(build: ProgramBuilder): [Tensor, Tensor] {
  const [a, b] = [build.pick(), build.pick()];
  return [a, cutFor(a, b)];
}

/** A value that broadcasts with another one. */
export function cutFor({ shape }: Tensor, b: Tensor): Tensor {
  const skipped = shape.length - b.shape.length;
  const axes = b.shape.flatMap((dim, i) => {
    const other = shape[i + skipped] ?? 1;
    return dim === other || dim === 1 || other === 1 ? [] : [i];
  });
  if (axes.length === 0) return b;
  return ops.slice(
    b,
    axes.map(() => 0),
    axes.map(() => 1),
    axes,
  );
}

const binary =
  (apply: (a: Tensor, b: Tensor) => Tensor): Step =>
  (build) =>
    apply(...operands(build));

/** One of two, whichever is larger: kinks where they are equal. */
const choosing =
  (apply: (a: Tensor, b: Tensor) => Tensor): Step =>
  (build) => {
    const [a, b] = operands(build);
    build.side(ops.greater(a, b));
    return apply(a, b);
  };

const where: Step = (build) => {
  const [a, b] = operands(build);
  const values = build.integers(a.shape, 0, 2);
  return ops.where(build.graph.constant("bool", a.shape, values), a, b);
};

const prelu: Step = (build) => {
  const x = build.pick();
  build.side(ops.greater(x, 0));
  return ops.prelu(x, build.leaf(x.shape.slice(-1)));
};

/** Elementwise steps that ONNX Runtime computes in double precision too. */
export const elementwise: Readonly<Record<string, Step>> = {
  neg: unary(ops.neg),
  tanh: unary(ops.tanh),
  // Shifted: of x · sigmoid(x), ONNX Runtime makes a node that it has no kernel for in double precision.
  sigmoid: unary((x) => ops.sigmoid(ops.add(x, 0.25))),
  sin: unary(ops.sin),
  cos: unary(ops.cos),
  identity: unary(ops.identity),
  exp: unary((x) => ops.exp(tamed(x))),
  square: unary((x) => ops.mul(x, x)),
  cube: unary((x) => ops.pow(tamed(x), 3)),
  power: binary((a, b) => ops.pow(atLeastOne(tamed(a)), tamed(b))),
  sqrt: unary((x) => ops.sqrt(atLeastOne(x))),
  log: unary((x) => ops.log(atLeastOne(x))),
  reciprocal: unary((x) => ops.reciprocal(atLeastOne(x))),
  relu: kinked(ops.relu, 0),
  leakyRelu: kinked(ops.leakyRelu, 0),
  abs: kinked(ops.abs, 0),
  clip: kinked((x) => ops.clip(x, -0.5, 0.75), -0.5, 0.75),
  clipBelow: kinked((x) => ops.clip(x, -0.25), -0.25),
  prelu,
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary((a, b) => ops.div(a, atLeastOne(b))),
  maximum: choosing(ops.maximum),
  minimum: choosing(ops.minimum),
  where,
  sum: (build) => {
    const [a, b] = operands(build);
    return ops.sumOf([a, b, a]);
  },
  constant: (build) => {
    const x = build.pick();
    return ops.mul(x, ops.exp(build.constant(x.shape)));
  },
};

/** Elementwise steps in single precision only. */
export const elementwise32: Readonly<Record<string, Step>> = {
  erf: unary(ops.erf),
  silu: unary(ops.silu),
  softplus: unary(ops.softplus),
  gelu: unary((x) => ops.gelu(x)),
  geluTanh: unary((x) => ops.gelu(x, "tanh")),
  mish: unary(ops.mish),
  atan: unary(ops.atan),
  asinh: unary(ops.asinh),
  elu: kinked((x) => ops.elu(x), 0),
  selu: kinked(ops.selu, 0),
  celu: kinked((x) => ops.celu(x, 0.5), 0),
  softsign: kinked(ops.softsign, 0),
  hardSigmoid: kinked(ops.hardSigmoid, -3, 3),
  hardSwish: kinked(ops.hardSwish, -3, 3),
  mean: (build) => {
    const [a, b] = operands(build);
    return ops.meanOf([a, b]);
  },
};
