import { ops, type Shape, sizeOf, type Tensor } from "../../src/index.js";
import type { ProgramBuilder, Step } from "./builder.js";
import { atLeastOne, cutFor } from "./elementwise.js";

/** A shape of as many elements: the sizes in another order, or some of them joined. */
function reshaped(build: ProgramBuilder, shape: Shape): Shape {
  const size = sizeOf(shape);
  const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((divisor) => size % divisor === 0);
  const first = build.oneOf(divisors);
  return build.oneOf([[size], [first, size / first], [1, first, size / first], [first, 1, size / first, 1]]);
}

const slice: Step = (build) => {
  const x = build.pickOfRank(1);
  const axis = build.axisOf(x);
  const size = x.shape.at(axis)!;
  const start = build.below(size);
  const step = build.oneOf([1, 2, -1, -2]);
  const end = step > 0 ? build.between(start + 1, size) : -size - 1 + build.below(start + 1);
  return ops.slice(x, [build.below(2) === 0 ? start : start - size], [end], [axis], [step]);
};

const pad: Step = (build) => {
  const x = build.pickOfRank(1);
  const mode = build.oneOf(["constant", "edge", "reflect"] as const);
  const most = (dim: number) => (mode === "reflect" ? Math.min(2, dim - 1) : 2);
  const pads = [...x.shape].reverse().flatMap((dim) => [build.below(most(dim) + 1), build.below(most(dim) + 1)]);
  return ops.pad(x, pads, { mode });
};

const gather: Step = (build) => {
  const x = build.pickOfRank(1);
  const axis = build.axisOf(x);
  const shape = build.oneOf<Shape>([[], [1], [3], [2, 2]]);
  const size = x.shape.at(axis)!;
  return ops.gather(x, build.graph.constant("int64", shape, build.integers(shape, -size, size)), axis);
};

const gatherElements: Step = (build) => {
  const x = build.pickOfRank(1);
  const axis = build.axisOf(x);
  const size = x.shape.at(axis)!;
  const shape = x.shape.map((dim, i) => (i === axis || i === axis + x.shape.length ? build.between(1, 3) : dim));
  return ops.gatherElements(x, build.graph.constant("int64", shape, build.integers(shape, 0, size)), axis);
};

const scatter: Step = (build) => {
  const x = build.pickOfRank(1);
  const updates = build.leaf(x.shape);
  const indices = build.integers(x.shape, 0, x.shape[0]!);
  return ops.scatterElements(x, build.graph.constant("int64", x.shape, indices), updates, 0, "add");
};

const concat: Step = (build) => {
  const x = build.pickOfRank(1);
  const axis = build.axisOf(x);
  const place = axis < 0 ? axis + x.shape.length : axis;
  const other = build.constant(x.shape.map((dim, i) => (i === place ? 2 : dim)));
  return ops.concat(
    build.oneOf([
      [x, other],
      [x, x],
      [other, x, other],
    ]),
    axis,
  );
};

const split: Step = (build) => {
  const x = build.pickOfRank(1);
  const axis = build.axisOf(x);
  const size = x.shape.at(axis)!;
  const first = build.below(size);
  const parts = ops.split(x, first === 0 ? [size] : [first, size - first], axis);
  return build.oneOf(parts);
};

const topK: Step = (build) => {
  const x = build.pickOfRank(1);
  const axis = build.axisOf(x);
  const { values, indices } = ops.topK(x, build.between(1, x.shape.at(axis)!), axis, build.below(2) === 0);
  build.side(indices);
  return values;
};

/** A reduction over some axes, all, or the last; kept or not. */
function reduction(apply: (x: Tensor, options: ops.ReduceOptions) => Tensor): Step {
  return (build) => {
    const x = build.pickOfRank(1);
    const axes = build.oneOf([build.axesOf(x), [-1], undefined]);
    return apply(x, { ...(axes ? { axes } : {}), keepdims: build.below(2) === 0 });
  };
}

/** The largest or smallest along one axis: kinks where another element takes over. */
function extreme(
  reduce: (x: Tensor, options: ops.ReduceOptions) => Tensor,
  place: (x: Tensor, axis: number) => Tensor,
): Step {
  return (build) => {
    const x = build.pickOfRank(1);
    const axis = build.axisOf(x);
    build.side(place(x, axis));
    return reduce(x, { axes: [axis], keepdims: build.below(2) === 0 });
  };
}

const transpose: Step = (build) => {
  const x = build.pick();
  const perm = x.shape.map((_, i) => i);
  for (let i = perm.length - 1; i > 0; i--) {
    const j = build.below(i + 1);
    [perm[i], perm[j]] = [perm[j]!, perm[i]!];
  }
  return ops.transpose(x, perm);
};

const expand: Step = (build) => {
  const x = build.pick();
  const shape = x.shape.map((dim) => (dim === 1 ? build.between(1, 3) : dim));
  return ops.expand(x, build.below(2) === 0 ? shape : [2, ...shape]);
};

/** Steps that move, repeat or reduce, in double precision too. */
export const layouts: Readonly<Record<string, Step>> = {
  reshape: (build) => {
    const x = build.pick();
    return ops.reshape(x, reshaped(build, x.shape));
  },
  flatten: (build) => {
    const x = build.pickOfRank(1);
    return ops.flatten(x, build.below(x.shape.length + 1));
  },
  transpose,
  unsqueeze: (build) => {
    const x = build.pick();
    return x.shape.length > 3 ? x : ops.unsqueeze(x, [build.below(x.shape.length + 1)]);
  },
  squeeze: (build) => {
    const x = build.pick();
    const axes = x.shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
    return axes.length === 0 ? ops.neg(x) : ops.squeeze(x, [build.oneOf(axes)]);
  },
  expand,
  tile: (build) => {
    const x = build.pickOfRank(1);
    return ops.tile(
      x,
      x.shape.map(() => build.between(1, 2)),
    );
  },
  slice,
  pad,
  gather,
  gatherElements,
  scatter,
  concat,
  split,
  topK,
  cumSum: (build) => {
    const x = build.pickOfRank(1);
    return ops.cumSum(x, build.axisOf(x), { exclusive: build.below(2) === 0, reverse: build.below(2) === 0 });
  },
  tril: (build) => ops.tril(build.pickOfRank(2), build.between(-1, 1)),
  triu: (build) => ops.triu(build.pickOfRank(2), build.between(-1, 1)),
  reduceSum: reduction(ops.reduceSum),
  reduceMean: reduction(ops.reduceMean),
  reduceL2: reduction((x, options) => ops.reduceL2(atLeastOne(x), options)),
  reduceSumSquare: reduction(ops.reduceSumSquare),
  reduceLogSumExp: reduction(ops.reduceLogSumExp),
  reduceProd: reduction((x, options) => ops.reduceProd(ops.add(ops.mul(ops.tanh(x), 0.5), 1), options)),
  reduceMax: extreme(ops.reduceMax, ops.argMax),
  reduceMin: extreme(ops.reduceMin, ops.argMin),
  addTo: (build) => {
    const [a, b] = [build.pick(), build.pick()];
    return ops.add(ops.mul(a, 0.5), cutFor(a, b));
  },
};
