import { floatAttribute, numberAttribute } from "../operator.js";
import type { Attributes } from "../tensor.js";
import type { Entry } from "./separable.js";

/** One axis of a Resize. */
export interface ResizedAxis {
  /** Elements before and after. */
  readonly size: number;
  readonly out: number;
  /** How many times as long the axis is to become; `out` is this times `size`, rounded down, where scales are given. */
  readonly scale: number;
}

export const COORDINATE_MODES: readonly string[] = [
  "half_pixel",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
  "tf_crop_and_resize",
];

const ROUNDINGS: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(Math.fround(x - 0.5)),
  round_prefer_ceil: (x) => Math.floor(Math.fround(x + 0.5)),
  floor: Math.floor,
  ceil: Math.ceil,
};

export const NEAREST_MODES: readonly string[] = Object.keys(ROUNDINGS);
export const RESIZE_MODES: readonly string[] = ["nearest", "linear", "cubic"];

/** ONNX Runtime computes coordinates in single precision, and so must we: they decide which element is the nearest. */
const f32 = Math.fround;

/** Where element `index` of the result lies on the original axis. */
function coordinateOf({ size, out, scale }: ResizedAxis, index: number, mode: string): number {
  const halfPixel = () => f32(f32(f32(index + 0.5) / f32(scale)) - 0.5);
  switch (mode) {
    case "asymmetric":
      return f32(index / f32(scale));
    case "align_corners":
      return out === 1 ? 0 : f32(f32(index * (size - 1)) / (out - 1));
    case "pytorch_half_pixel":
      return out === 1 ? 0 : halfPixel();
    default:
      return halfPixel();
  }
}

/** For each element of the resized axis, the original elements it is made of and their weights. */
export function resizedRows(axis: ResizedAxis, attributes: Attributes): Entry[][] {
  const coordinates = String(attributes.coordinate_transformation_mode ?? "half_pixel");
  const mode = String(attributes.mode ?? "nearest");
  const clamp = (position: number) => Math.min(Math.max(position, 0), axis.size - 1);
  return Array.from({ length: axis.out }, (_, index): Entry[] => {
    const x = coordinateOf(axis, index, coordinates);
    if (mode === "nearest") return [[clamp(ROUNDINGS[String(attributes.nearest_mode ?? "round_prefer_floor")]!(x)), 1]];
    return mode === "linear" ? linearRow(clamp(x), clamp) : cubicRow(x, axis.size, attributes);
  });
}

function linearRow(x: number, clamp: (position: number) => number): Entry[] {
  const left = Math.floor(x);
  const share = x - left;
  return [
    [left, 1 - share],
    [clamp(left + 1), share],
  ];
}

/** Keys' cubic convolution; elements outside of the axis repeat the border, or are left out by `exclude_outside`. */
function cubicRow(x: number, size: number, attributes: Attributes): Entry[] {
  const a = floatAttribute(attributes, "cubic_coeff_a", -0.75);
  const left = Math.floor(x);
  const entries = [-1, 0, 1, 2].map((k): Entry => [left + k, cubicWeight(Math.abs(x - left - k), a)]);
  if (numberAttribute(attributes, "exclude_outside", 0) === 0) {
    return entries.map(([position, weight]) => [Math.min(Math.max(position, 0), size - 1), weight]);
  }
  const inside = entries.filter(([position]) => position >= 0 && position < size);
  const sum = inside.reduce((total, [, weight]) => total + weight, 0);
  return inside.map(([position, weight]) => [position, weight / sum]);
}

function cubicWeight(distance: number, a: number): number {
  const d = distance;
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}
