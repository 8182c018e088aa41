import { GraphError } from "./errors.js";

/** Sizes of a tensor's dimensions, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

/** The shape of an elementwise result under NumPy's broadcasting rules. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[a.length - rank + i] ?? 1;
    const right = b[b.length - rank + i] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new GraphError("SHAPE_MISMATCH", `${formatShape(a)} and ${formatShape(b)} do not broadcast`, {
        value: [a, b],
        fix: "Make each pair of trailing dimensions equal, or one of them 1.",
      });
    }
    return left === 1 ? right : left;
  });
}

/** An axis counted from the front; negative ones count from the back, as in ONNX. */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new GraphError("ATTRIBUTE_INVALID", `axis ${axis} is outside [${-rank}, ${rank - 1}]`, { value: axis });
  }
  return axis < 0 ? axis + rank : axis;
}

/** Several axes, normalized, in ascending order. */
export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  return [...new Set(axes.map((axis) => normalizeAxis(axis, rank)))].sort((a, b) => a - b);
}

/** The shape that remains when `axes` are reduced. */
export function reducedShape(shape: Shape, axes: readonly number[], keepdims: boolean): Shape {
  return keepdims ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : shape.filter((_, i) => !axes.includes(i));
}
