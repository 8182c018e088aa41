import type { Tensor } from "../tensor.js";
import {
  abs,
  add,
  and,
  cast,
  clip,
  detach,
  div,
  maximum,
  minimum,
  mul,
  type Operand,
  reduceMax,
  sub,
} from "./build.js";
import { greaterOrEqual, lessOrEqual, round } from "./build-math.js";

/** How real numbers become whole ones, and which whole numbers there are. */
export interface FakeQuantization {
  /** Distance of two whole numbers; a shape that broadcasts to that of what is quantized. */
  readonly scale: Operand;
  /** The whole number of 0. Default 0. */
  readonly zeroPoint?: Operand | undefined;
  /** Smallest and largest whole number. */
  readonly low: number;
  readonly high: number;
}

/** Keeps scales of values that are always 0 from being 0. */
const LEAST_SCALE = 1e-30;

/**
 * PyTorch's `fake_quantize_per_tensor_affine` and `fake_quantize_per_channel_affine`: values as they are after they were whole
 * numbers, `scale · (clip(round(x / scale) + zeroPoint) - zeroPoint)`. The gradient passes straight through where the whole
 * number is within its limits, and is 0 elsewhere; scale and zero point have none. The result is exact: what
 * QuantizeLinear and DequantizeLinear give. Jacob et al. 2018, section 3.
 */
export function fakeQuantize(x: Tensor, { scale, zeroPoint = 0, low, high }: FakeQuantization): Tensor {
  const bare = detach(x);
  const [step, zero] = [scale, zeroPoint].map((value) => (typeof value === "number" ? value : detach(value)));
  const shifted = (whole: Tensor) => (zero === 0 ? whole : add(whole, zero!));
  const whole = shifted(round(div(bare, step!)));
  const kept = clip(whole, low, high);
  const restored = mul(zero === 0 ? kept : sub(kept, zero!), step!);
  const inside = cast(and(greaterOrEqual(whole, low), lessOrEqual(whole, high)), x.dtype);
  return straightThrough(x, bare, restored, inside);
}

/**
 * A weight as it is after it was whole numbers around 0, -largest … largest, of which the largest is that of each channel:
 * nothing is cut off, and the gradient passes straight through.
 * @param axis channels that get a scale each. Default: one scale for all
 */
export function fakeQuantizeWeight(weight: Tensor, largest: number, axis?: number): Tensor {
  const bare = detach(weight);
  const axes = weight.shape.map((_, i) => i).filter((i) => i !== axis);
  const scale = maximum(div(reduceMax(abs(bare), { axes, keepdims: true }), largest), LEAST_SCALE);
  const restored = mul(clip(round(div(bare, scale)), -largest, largest), scale);
  return straightThrough(weight, bare, restored);
}

/** Scale and zero point of a range as uint8, in which 0 has a whole number of its own. @param low,high of any shape */
export function unsignedRange(low: Tensor, high: Tensor): { readonly scale: Tensor; readonly zeroPoint: Tensor } {
  const [least, most] = [minimum(low, 0), maximum(high, 0)];
  const scale = maximum(div(sub(most, least), 255), LEAST_SCALE);
  return { scale, zeroPoint: clip(round(div(sub(0, least), scale)), 0, 255) };
}

/** The values of `restored`, bit for bit, with the gradient of `x`: x less itself is 0. */
function straightThrough(x: Tensor, bare: Tensor, restored: Tensor, share?: Tensor): Tensor {
  const nothing = sub(x, bare);
  return add(detach(restored), share ? mul(nothing, detach(share)) : nothing);
}
