import { type RandomStream, randomStream, sizeOf } from "@limbeck/graph";
import { normalNumber } from "../support/normal.js";

/** How a tensor's first values are drawn. */
export type InitialValues =
  | { readonly kind: "constant"; readonly value: number }
  /** Uniform in [-bound, bound). */
  | { readonly kind: "uniform"; readonly bound: number }
  /** Normal around 0; values beyond ± `limit`, where there is one, are drawn again. */
  | { readonly kind: "normal"; readonly std: number; readonly limit?: number }
  /** These numbers, whatever the seed. */
  | { readonly kind: "given"; readonly values: Float32Array };

type DrawnValues = Exclude<InitialValues, { kind: "given" }>;

/** Which side of a layer keeps its variance: "in" forwards, "out" backwards. */
type Fan = "in" | "out";

/** Standard deviation of a standard normal that is cut off at ± 2. */
const TRUNCATED_STD = 0.8796256610342398;

export const constant = (value: number): InitialValues => ({ kind: "constant", value });

export const normal = (std: number): InitialValues => ({ kind: "normal", std });

/** PyTorch's `trunc_normal_`, whose limits are ± 2 whatever the standard deviation. */
export const truncatedNormal = (std: number): InitialValues => ({ kind: "normal", std, limit: 2 });

/** PyTorch's default for `Linear` and `Conv2d`, weights and biases: uniform in ± 1 / sqrt(fan in of the weight). */
export function pytorchDefault(weight: readonly number[]): InitialValues {
  return { kind: "uniform", bound: 1 / Math.sqrt(fanOf(weight, "in")) };
}

/** He et al. 2015, eq. 10, for ReLU: standard deviation sqrt(2 / fan). */
export function kaimingNormal(weight: readonly number[], fan: Fan = "in"): InitialValues {
  return normal(Math.sqrt(2 / fanOf(weight, fan)));
}

/** LeCun et al. 1998: variance 1 / fan in, drawn within two standard deviations of the untruncated normal, as in JAX and timm. */
export function lecunNormal(weight: readonly number[]): InitialValues {
  const std = Math.sqrt(1 / fanOf(weight, "in")) / TRUNCATED_STD;
  return { kind: "normal", std, limit: 2 * std };
}

/** Glorot & Bengio 2010, eq. 16: uniform in ± sqrt(6 / (fan in + fan out)). */
export function xavierUniform(weight: readonly number[]): InitialValues {
  return { kind: "uniform", bound: Math.sqrt(6 / (fanOf(weight, "in") + fanOf(weight, "out"))) };
}

/**
 * Inputs or outputs of one unit of a layer, as PyTorch counts them: weight [out, in / groups, ...kernel], so that "out"
 * ignores groups.
 */
function fanOf([out = 1, inputs = 1, ...kernel]: readonly number[], fan: Fan): number {
  return (fan === "in" ? inputs : out) * sizeOf(kernel);
}

/** First values of a tensor, which depend on the seed and the tensor's name alone. */
export function drawInitial(init: InitialValues, shape: readonly number[], seed: number, name: string): Float32Array {
  if (init.kind === "given") return init.values.slice();
  const stream = randomStream(seed, "init", name);
  return Float32Array.from({ length: sizeOf(shape) }, () => draw(init, stream));
}

function draw(init: DrawnValues, stream: RandomStream): number {
  switch (init.kind) {
    case "constant":
      return init.value;
    case "uniform":
      return (2 * stream.uniform() - 1) * init.bound;
    case "normal":
      return drawNormal(init.std, init.limit ?? Number.POSITIVE_INFINITY, stream);
  }
}

function drawNormal(std: number, limit: number, stream: RandomStream): number {
  for (;;) {
    const value = normalNumber(stream, std);
    if (Math.abs(value) <= limit) return value;
  }
}
