import { sizeOf } from "../shape.js";

/** Real numbers as whole ones: `real = scale · (whole - zeroPoint)`. */
export interface Affine {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The smallest and largest value of a tensor. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** A weight as int8 around zero, with one scale for each channel (or one alone). */
export interface QuantizedWeight {
  readonly data: Int8Array;
  readonly scales: Float32Array;
}

/** Keeps sums of products and a bias within int32. */
const LARGEST_BIAS = 2 ** 30;

/** Of a range as uint8, in the arithmetic of float32, as graphs that train for it do it. Zero, with which convolutions pad, has a whole number of its own. */
export function unsignedAffine({ min, max }: Range): Affine {
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  const scale = Math.fround(Math.fround(high - low) / 255);
  if (!(scale > 0)) return { scale: 1, zeroPoint: 0 };
  return { scale, zeroPoint: clamp(roundHalfEven(Math.fround(-low / scale)), 0, 255) };
}

/**
 * A weight, symmetric around zero: `whole = round(real / scale)`, ties to even, as ONNX's QuantizeLinear.
 * @param axis channels that get a scale each; none: one scale for all
 * @param largest whole number: 127, or 63 where sums of pairs must fit into int16
 * @param leastScales no scale falls below these, one for each channel
 */
export function quantizeWeight(
  data: Float32Array,
  shape: readonly number[],
  axis: number | undefined,
  largest = 127,
  leastScales?: Float32Array,
): QuantizedWeight {
  const channels = axis === undefined ? 1 : shape[axis]!;
  const inner = axis === undefined ? data.length : sizeOf(shape.slice(axis + 1));
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const scales = new Float32Array(channels);
  for (let i = 0; i < data.length; i++) {
    const channel = channelOf(i);
    scales[channel] = Math.max(scales[channel]!, Math.abs(data[i]!));
  }
  for (let c = 0; c < channels; c++) {
    scales[c] = Math.fround(Math.max(scales[c]! / largest, leastScales?.[c] ?? 0)) || 1;
  }
  const whole = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    whole[i] = clamp(roundHalfEven(data[i]! / scales[channelOf(i)]!), -largest, largest);
  }
  return { data: whole, scales };
}

/** Scales of a layer's weights below which its bias would not fit into int32. */
export function leastWeightScales(bias: Float32Array, inputScale: number): Float32Array {
  return bias.map((value) => Math.abs(value) / (inputScale * LARGEST_BIAS));
}

/** A bias in the unit of the sums that it is added to: input scale times weight scale. */
export function quantizeBias(
  bias: Float32Array,
  inputScale: number,
  weightScales: Float32Array,
): { readonly data: Int32Array; readonly scales: Float32Array } {
  const scales = bias.map((_, c) => inputScale * weightScales[weightScales.length === 1 ? 0 : c]!);
  return { data: Int32Array.from(bias, (value, c) => roundHalfEven(value / scales[c]!)), scales };
}

/** To the nearest whole number; of two, the even one. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
