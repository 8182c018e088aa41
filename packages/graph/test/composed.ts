import { type Attributes, ops, type Tensor } from "../src/index.js";

type Inputs = readonly (Tensor | undefined)[];

/** Builds a function of the vocabulary from a golden case's inputs and attributes, and returns its outputs. */
export type Composed = (inputs: Inputs, attributes: Attributes) => Tensor[];

function batchNorm(inputs: Inputs, attributes: Attributes): Tensor[] {
  const [x, weight, bias, runningMean, runningVar] = inputs as Tensor[];
  const state = { weight: weight!, bias: bias!, runningMean: runningMean!, runningVar: runningVar! };
  const options = { ...attributes, training: attributes.training === 1 };
  const { output, nextMean, nextVar } = ops.batchNorm(x!, state, options);
  return [output, nextMean, nextVar];
}

function attention([q, k, v, mask]: Inputs, { causal, scale }: Attributes): Tensor[] {
  const options = { ...(mask ? { mask } : {}), ...(scale === undefined ? {} : { scale: Number(scale) }) };
  return [ops.scaledDotProductAttention(q!, k!, v!, { ...options, causal: causal === 1 })];
}

function unrolled([x, ...rest]: Inputs, { kind, reverse, batchFirst }: Attributes): Tensor[] {
  const [weightIh, weightHh, biasIh, biasHh, h, c] = rest as Tensor[];
  const weights = { weightIh: weightIh!, weightHh: weightHh!, biasIh, biasHh };
  const options = { h, c, reverse: reverse === 1, batchFirst: batchFirst === 1 };
  const result = ops.unrolled(kind as ops.RecurrentKind, x!, weights, options);
  return [result.y, result.h, ...(result.c ? [result.c] : [])];
}

function lstmCell(inputs: Inputs): Tensor[] {
  const [x, h, c, weightIh, weightHh, biasIh, biasHh] = inputs as Tensor[];
  const next = ops.lstmCell(x!, h!, c!, { weightIh: weightIh!, weightHh: weightHh!, biasIh, biasHh });
  return [next.h, next.c];
}

/** Functions of the vocabulary that golden cases name beside ONNX's operators; their names begin in lower case. */
export const COMPOSED: Readonly<Record<string, Composed>> = {
  batchNorm,
  scaledDotProductAttention: attention,
  rotaryEmbedding: ([x, cos, sin], { interleaved }) => [ops.rotaryEmbedding(x!, cos!, sin!, interleaved === 1)],
  unrolled,
  gruCell: ([x, h, weightIh, weightHh, biasIh, biasHh]) => [
    ops.gruCell(x!, h!, { weightIh: weightIh!, weightHh: weightHh!, biasIh, biasHh }),
  ],
  lstmCell,
  layerNorm: ([x, weight, bias], options) => [ops.layerNorm(x!, weight!, bias, options)],
  instanceNorm: ([x, weight, bias], options) => [ops.instanceNorm(x!, { weight, bias }, options)],
  groupNorm: ([x, weight, bias], options) => [ops.groupNorm(x!, Number(options.groups), { weight, bias }, options)],
  rmsNorm: ([x, weight], options) => [ops.rmsNorm(x!, weight!, options)],
  conv: ([x, weight, bias], options) => [ops.conv(x!, weight!, bias, options)],
  convTranspose: ([x, weight, bias], options) => [ops.convTranspose(x!, weight!, bias, options)],
  gelu: ([x], { approximate }) => [ops.gelu(x!, approximate === "tanh" ? "tanh" : "none")],
  silu: ([x]) => [ops.silu(x!)],
  mish: ([x]) => [ops.mish(x!)],
  maxPool2d: ([x], { kernelSize, ...options }) => [ops.maxPool2d(x!, kernelSize as number[], options)],
  avgPool2d: ([x], { kernelSize, ...options }) => [ops.avgPool2d(x!, kernelSize as number[], options)],
  globalAveragePool: ([x]) => [ops.globalAveragePool(x!)],
  globalMaxPool: ([x]) => [ops.globalMaxPool(x!)],
  pad: ([x], { pads, ...options }) => [ops.pad(x!, pads as number[], options)],
  interpolate: ([x], options) => [ops.interpolate(x!, options)],
  pixelShuffle: ([x], { upscaleFactor }) => [ops.pixelShuffle(x!, Number(upscaleFactor))],
};
