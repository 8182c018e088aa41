import { constantInts, numberAttribute, numbersAttribute } from "../operator.js";
import * as f from "../ops/build.js";
import { type WindowAxis, windowAxes } from "../ops/window.js";
import type { Readers } from "../passes/nodes.js";
import { sameShape, sizeOf } from "../shape.js";
import type { Node, Tensor } from "../tensor.js";
import { correlate } from "./correlation.js";
import type { Layouts } from "./layouts.js";

/** A filter's gradient as `filterGradient` in ops/convolution-lowering.ts writes it down: columns, products, their sum. */
export interface FilterGradient {
  /** [N, C, H, W] */
  readonly image: Tensor;
  /** Gradient of the convolution's result, [N, O, …]. */
  readonly map: Tensor;
  readonly axes: readonly WindowAxis[];
  /** Whatever nobody else reads. */
  readonly inner: readonly Node[];
}

/** Recognizes a filter's gradient by its last node, the sum over the batch. */
export function matchFilterGradient(node: Node, readers: Readers): FilterGradient | undefined {
  const inner: Node[] = [];
  const step = (tensor: Tensor | undefined, op: string): Node | undefined => {
    const source = tensor?.source;
    if (source?.kind !== "node" || source.node.op !== op || readers(tensor!).length !== 1) return undefined;
    inner.push(source.node);
    return source.node;
  };
  if (node.op !== "ReduceSum" || numberAttribute(node.attributes, "keepdims", 1) !== 0) return undefined;
  if (!node.inputs[1] || !sameShape(constantInts(node, 1) ?? [], [0])) return undefined;
  const product = step(node.inputs[0], "MatMul");
  const swapped = step(product?.inputs[1], "Transpose");
  if (!swapped || !sameShape(numbersAttribute(swapped.attributes, "perm") ?? [], [0, 2, 1])) return undefined;
  const map = step(product?.inputs[0], "Reshape")?.inputs[0];
  const columns = step(swapped.inputs[0], "Reshape")?.inputs[0];
  if (map?.shape.length !== 4 || columns?.shape.length !== 4) return undefined;
  const found = imageOf(columns, step) ?? { image: columns, axes: pointAxes(columns) };
  const fits = found.axes.every((axis, i) => axis.out === map.shape[i + 2]);
  return fits && product!.outputs[0]!.shape.length === 3 ? { ...found, map, inner } : undefined;
}

/** Columns are cut out by a convolution with constant filters that have a single one each. */
function imageOf(
  columns: Tensor,
  step: (tensor: Tensor, op: string) => Node | undefined,
): Pick<FilterGradient, "image" | "axes"> | undefined {
  const conv = step(columns, "Conv");
  const [image, filters] = conv?.inputs ?? [];
  if (!conv || !image || filters?.source.kind !== "constant" || filters.shape[1] !== 1) return undefined;
  const kernel = filters.shape.slice(2);
  const places = sizeOf(kernel);
  const isOneHot = (filters.source.data as Float32Array).every((value, i) => {
    const [row, place] = [Math.floor(i / places), i % places];
    return value === (row % places === place ? 1 : 0);
  });
  if (!isOneHot || filters.shape[0] !== image.shape[1]! * places) return undefined;
  return { image, axes: windowAxes(image.shape, { ...conv.attributes, kernel_shape: kernel }, { deepPads: true }) };
}

function pointAxes(image: Tensor): WindowAxis[] {
  const point = { kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0 };
  return image.shape.slice(2).map((size) => ({ size, out: size, ...point }));
}

/** Whether one of the two ways below is open. */
export function canEmit({ image, map, axes }: FilterGradient, layouts: Layouts): boolean {
  return layouts.fits(map) && (layouts.fits(image) || axes.every(({ stride }) => stride === 1));
}

/** The sum over the batch, as the matched node gives it: [O, C · kernel]. */
export function emitFilterGradient(gradient: FilterGradient, layouts: Layouts): Tensor {
  const { image, map, axes } = gradient;
  const isPoint = axes.every(({ kernel, size, out }) => kernel === 1 && size === out);
  if (isPoint || !layouts.fits(image)) return fromRows(gradient, layouts);
  return correlate({ image: layouts.blocked(image), map: layouts.blocked(map), axes, block: layouts.block });
}

/**
 * The image is shifted along its rows and the map along its columns, which takes kernel height + kernel width copies
 * instead of as many as the kernel has places, and gives large, plain matrix products.
 */
function fromRows({ image, map, axes }: FilterGradient, layouts: Layouts): Tensor {
  const [down, across] = axes as [WindowAxis, WindowAxis];
  const { block } = layouts;
  const [batch, channels] = [image.shape[0]!, image.shape[1]!];
  const [outputs, blocks] = [map.shape[1]!, map.shape[1]! / block];
  const positions = down.out * across.size;
  const left = shiftedRows(layouts.plain(image), down);
  const right = shiftedColumns(f.reshape(layouts.blocked(map), [batch, blocks, down.out, across.out, block]), across);
  const product = f.matmul(
    f.reshape(left, [batch, 1, channels * down.kernel, positions]),
    f.reshape(right, [batch, blocks, positions, across.kernel * block]),
  );
  const sum = f.reshape(sumOfBatch(product), [blocks, channels, down.kernel, across.kernel, block]);
  return f.reshape(f.transpose(sum, [0, 4, 1, 2, 3]), [outputs, channels * down.kernel * across.kernel]);
}

/** [N, C, H, W] to [N, C, kernel, out, W]. */
function shiftedRows(image: Tensor, { kernel, dilation, begin, end, out }: WindowAxis): Tensor {
  if (kernel === 1 && begin === 0 && end === 0) return image;
  const padded = padAxes(image, [[2, begin, end]]);
  return f.gather(
    padded,
    table(image, kernel, out, (k, y) => y + k * dilation),
    2,
  );
}

/** [N, blocks, H, out, block] to [N, blocks, H, W, kernel, block]. */
function shiftedColumns(map: Tensor, { size, out, kernel, dilation, begin }: WindowAxis): Tensor {
  if (kernel === 1 && begin === 0 && size === out) return map;
  const before = Math.max(0, (kernel - 1) * dilation - begin);
  const padded = padAxes(map, [[3, before, Math.max(0, size + begin - out)]]);
  return f.gather(
    padded,
    table(map, size, kernel, (x, k) => x - k * dilation + begin + before),
    3,
  );
}

function sumOfBatch(product: Tensor): Tensor {
  return f.reduceSum(product, { axes: [0] });
}

/** A constant table of indices, shared by all that are equal. */
function table({ graph }: Tensor, rows: number, columns: number, at: (row: number, column: number) => number): Tensor {
  const values = Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
  const key = `table ${columns}: ${values.join(" ")}`;
  return graph.shared(key, () => graph.constant("int64", [rows, columns], values));
}

/** Zeros before and behind some axes: [axis, before, behind]. */
function padAxes(x: Tensor, pads: readonly (readonly [number, number, number])[]): Tensor {
  if (pads.every(([, before, behind]) => before === 0 && behind === 0)) return x;
  const all = new Array<number>(2 * x.shape.length).fill(0);
  for (const [axis, before, behind] of pads) {
    all[axis] = before;
    all[axis + x.shape.length] = behind;
  }
  return f.emitOne("Pad", [x, x.graph.ints(all)]);
}
