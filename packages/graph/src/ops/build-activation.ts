import type { Tensor } from "../tensor.js";
import { add, cast, emitOne, greater, mul, sigmoid, tanh } from "./build.js";
import { erf } from "./build-math.js";

/** Steep enough that the smallest normal positive number saturates HardSigmoid; below that, the slope fades to 0. */
export const STEP_SLOPE = 3e38;

/** 1 where x > 0, else 0, in x's type. HardSigmoid does it in one pass over memory, but has a float32 kernel only. */
export function positive(x: Tensor): Tensor {
  if (x.dtype !== "float32") return cast(greater(x, 0), x.dtype);
  return emitOne("HardSigmoid", [x], { alpha: STEP_SLOPE, beta: 0 });
}

export const leakyRelu = (x: Tensor, alpha = 0.01): Tensor => emitOne("LeakyRelu", [x], { alpha });
/** A leaky ReLU with a learned slope, which broadcasts to x: [C, 1, 1] for one slope a channel of an image. */
export const prelu = (x: Tensor, slope: Tensor): Tensor => emitOne("PRelu", [x, slope]);
export const elu = (x: Tensor, alpha = 1): Tensor => emitOne("Elu", [x], { alpha });
export const selu = (x: Tensor): Tensor => emitOne("Selu", [x]);
export const celu = (x: Tensor, alpha = 1): Tensor => emitOne("Celu", [x], { alpha });
export const softplus = (x: Tensor): Tensor => emitOne("Softplus", [x]);
export const softsign = (x: Tensor): Tensor => emitOne("Softsign", [x]);
/** PyTorch's `hardsigmoid`: x / 6 + 1/2, limited to [0, 1]. */
export const hardSigmoid = (x: Tensor): Tensor => emitOne("HardSigmoid", [x], { alpha: 1 / 6, beta: 0.5 });
/** x · hardSigmoid(x) */
export const hardSwish = (x: Tensor): Tensor => emitOne("HardSwish", [x]);
/** x where x > alpha, else 0. */
export const thresholdedRelu = (x: Tensor, alpha = 1): Tensor => emitOne("ThresholdedRelu", [x], { alpha });

/** Sigmoid-weighted linear unit, also called swish: x · sigmoid(x). */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));
/** x · tanh(softplus(x)) */
export const mish = (x: Tensor): Tensor => mul(x, tanh(softplus(x)));

/**
 * Gaussian error linear unit (Hendrycks and Gimpel, 2016): x times the normal distribution's probability of less than x.
 * @param approximate "none" (the default) uses erf, "tanh" the paper's approximation by tanh
 */
export function gelu(x: Tensor, approximate: "none" | "tanh" = "none"): Tensor {
  if (approximate === "none") return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
  const inner = mul(x, add(mul(mul(x, x), 0.044715), 1));
  return mul(mul(x, 0.5), add(tanh(mul(inner, Math.sqrt(2 / Math.PI))), 1));
}
