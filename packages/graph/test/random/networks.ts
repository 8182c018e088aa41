import { ops, type Shape, sizeOf, type Tensor } from "../../src/index.js";
import type { ProgramBuilder, Step } from "./builder.js";

const EPS = 0.1;

const matmul: Step = (build) => {
  const x = build.pickOfRank(1);
  const width = x.shape.at(-1)!;
  const columns = build.between(1, 3);
  const batch = build.oneOf<Shape>([[], [1], x.shape.slice(0, -2)]);
  const shape = build.oneOf<Shape>([[width], [width, columns], [...batch, width, columns]]);
  return ops.matmul(x, build.leaf(shape));
};

const gemm: Step = (build) => {
  const flat = ops.flatten(build.pickOfRank(1));
  const [transA, transB] = [build.oneOf([0, 1] as const), build.oneOf([0, 1] as const)];
  const [rows, width] = transA ? [flat.shape[1]!, flat.shape[0]!] : (flat.shape as [number, number]);
  const columns = build.between(1, 3);
  const weight = build.leaf(transB ? [columns, width] : [width, columns]);
  const bias = build.oneOf<Shape>([[columns], [1, columns], [rows, 1], []]);
  return ops.gemm(flat, weight, build.leaf(bias), { transA, transB, alpha: 0.5, beta: 2 });
};

const einsum: Step = (build) => {
  const x = build.pickOfRank(2);
  const matrix = ops.reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
  const [rows, width] = matrix.shape as [number, number];
  const [equation, other] = build.oneOf<readonly [string, Shape]>([
    ["ij,jk->ik", [width, 2]],
    ["ij,kj->ki", [2, width]],
    ["ij,ij->i", [rows, width]],
    ["ij,j->ij", [width]],
    ["ij,k->kij", [2]],
  ]);
  return ops.einsum(equation, matrix, build.leaf(other));
};

const layerNorm: Step = (build) => {
  const x = build.pickOfRank(1);
  const shape = x.shape.slice(build.below(x.shape.length));
  const bias = build.below(2) === 0 ? build.leaf(shape) : undefined;
  return ops.layerNorm(x, build.leaf(shape), bias, { eps: EPS });
};

const batchNorm: Step = (build) => {
  const x = build.pickOfRank(2);
  const channels = [x.shape[1]!];
  const training = sizeOf(x.shape) / channels[0]! >= 2 && build.below(2) === 0;
  const [weight, bias] = [build.leaf(channels), build.leaf(channels)];
  // Running statistics have gradients too, where they are used.
  const statistic = () => (training ? build.constant(channels) : build.leaf(channels));
  const state = { weight, bias, runningMean: statistic(), runningVar: ops.exp(statistic()) };
  return ops.batchNorm(x, state, { eps: EPS, training }).output;
};

const attention: Step = (build) => {
  const x = build.pickOfRank(3);
  const heads = ops.reshape(x, [1, sizeOf(x.shape.slice(0, -2)), x.shape.at(-2)!, x.shape.at(-1)!]);
  const key = ops.mul(heads, build.leaf(heads.shape.slice(-1)));
  return ops.scaledDotProductAttention(heads, key, heads, { causal: build.below(2) === 0 });
};

const crossEntropy: Step = (build) => {
  const x = build.pickOfRank(2);
  const [batch, classes, ...positions] = x.shape as [number, number, ...number[]];
  const shape = [batch, ...positions];
  return ops.crossEntropy(x, build.graph.constant("int64", shape, build.integers(shape, 0, classes)));
};

const gru: Step = (build) => {
  const x = build.pickOfRank(2);
  const rows = ops.reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
  const [batch, width] = rows.shape as [number, number];
  const [weightIh, weightHh] = [build.leaf([6, width]), build.leaf([6, 2])];
  return ops.gruCell(rows, build.leaf([batch, 2]), { weightIh, weightHh, biasIh: build.leaf([6]), biasHh: undefined });
};

/** Products, normalizations and layers in double precision too. */
export const networks: Readonly<Record<string, Step>> = {
  matmul,
  gemm,
  einsum,
  layerNorm,
  batchNorm,
  gru,
  crossEntropy,
  softmax: (build) => {
    const x = build.pickOfRank(1);
    return ops.softmax(x, build.axisOf(x));
  },
  logSoftmax: (build) => {
    const x = build.pickOfRank(1);
    return ops.logSoftmax(x, build.axisOf(x));
  },
  rmsNorm: (build) => {
    const x = build.pickOfRank(1);
    return ops.rmsNorm(x, build.leaf(x.shape.slice(-1)), { eps: EPS });
  },
};

/** Images of the last axes: [N, C, L] or [N, C, H, W]. */
function images(build: ProgramBuilder): Tensor {
  const x = build.pickOfRank(3);
  if (x.shape.length <= 4) return x;
  return ops.reshape(x, [sizeOf(x.shape.slice(0, -3)), ...x.shape.slice(-3)]);
}

function window(build: ProgramBuilder, { shape }: Tensor) {
  const padding = build.below(2);
  const stride = build.between(1, 2);
  const dilation = build.between(1, 2);
  const kernel = shape
    .slice(2)
    .map((dim) => build.between(1, Math.max(1, Math.min(3, Math.floor((dim + 2 * padding - 1) / dilation) + 1))));
  return { padding, stride, dilation, kernel };
}

const conv: Step = (build) => {
  const x = images(build);
  const { kernel, ...options } = window(build, x);
  const groups = build.oneOf([1, x.shape[1]!]);
  const filters = groups * build.between(1, 2);
  const bias = build.below(2) === 0 ? build.leaf([filters]) : undefined;
  return ops.conv(x, build.leaf([filters, x.shape[1]! / groups, ...kernel]), bias, { ...options, groups });
};

const convTranspose: Step = (build) => {
  const x = images(build);
  const groups = build.oneOf([1, x.shape[1]!]);
  const kernel = x.shape.slice(2).map(() => build.between(1, 3));
  const weight = build.leaf([x.shape[1]!, build.between(1, 2), ...kernel]);
  const stride = build.between(1, 2);
  const bias = build.below(2) === 0 ? build.leaf([weight.shape[1]! * groups]) : undefined;
  return ops.convTranspose(x, weight, bias, { stride, groups });
};

const maxPool: Step = (build) => {
  const x = images(build);
  const attributes = {
    kernel_shape: x.shape.slice(2).map((dim) => build.between(1, Math.min(3, dim))),
    strides: x.shape.slice(2).map(() => build.between(1, 2)),
  };
  const [values, indices] = build.graph.emit("MaxPool", [x], attributes);
  build.side(indices!);
  return values!;
};

const averagePool: Step = (build) => {
  const x = images(build);
  const kernel_shape = x.shape.slice(2).map((dim) => build.between(1, Math.min(3, dim)));
  return build.graph.emit("AveragePool", [x], { kernel_shape, count_include_pad: build.below(2) })[0]!;
};

const instanceNorm: Step = (build) => {
  const x = images(build);
  const channels = [x.shape[1]!];
  return ops.instanceNorm(x, { weight: build.leaf(channels), bias: build.leaf(channels) }, { eps: EPS });
};

const groupNorm: Step = (build) => {
  const x = images(build);
  return ops.groupNorm(x, build.oneOf([1, x.shape[1]!]), { weight: build.leaf([x.shape[1]!]) }, { eps: EPS });
};

const resize: Step = (build) => {
  const x = images(build);
  const size = x.shape.slice(2).map((dim) => build.between(1, 2) * dim);
  return ops.interpolate(x, { size, mode: build.oneOf(["nearest", "linear"] as const) });
};

/** Layers in single precision only. */
export const networks32: Readonly<Record<string, Step>> = {
  conv,
  convTranspose,
  maxPool,
  averagePool,
  globalAveragePool: (build) => ops.globalAveragePool(images(build)),
  instanceNorm,
  groupNorm,
  attention,
  resize,
};
