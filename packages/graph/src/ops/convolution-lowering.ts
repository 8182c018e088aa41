import { type Shape, sizeOf } from "../shape.js";
import type { Attributes, Tensor } from "../tensor.js";
import * as f from "./build.js";
import type { WindowAxis } from "./window.js";

/**
 * A convolution is linear in each of its operands, so that its gradients are its adjoints. All of them work on an image
 * [N, group · inner, ...sizes], a map [N, outer, ...positions] and filters [outer, inner, ...kernel] between them.
 */
export interface Convolution {
  /** How the filters slide over each spatial axis of the image; `out` is the size of the map. */
  readonly axes: readonly WindowAxis[];
  readonly group: number;
}

/** From so many filters a position on, one product for the whole batch saves memory, and mostly time. */
const JOINT_FROM = 2;
/** Larger kernels are not taken apart place by place. */
const MOST_SLICES = 27;

function spatialAttributes(axes: readonly WindowAxis[], group: number): Attributes {
  const strides = axes.map((axis) => axis.stride);
  const dilations = axes.map((axis) => axis.dilation);
  const pads = [...axes.map((axis) => axis.begin), ...axes.map((axis) => axis.end)];
  return {
    ...(group === 1 ? {} : { group }),
    ...(strides.every((stride) => stride === 1) ? {} : { strides }),
    ...(dilations.every((dilation) => dilation === 1) ? {} : { dilations }),
    ...(pads.every((pad) => pad === 0) ? {} : { pads }),
  };
}

/** Keeps the first elements of each spatial axis. */
function crop(x: Tensor, sizes: Shape): Tensor {
  const axes = sizes.flatMap((size, i) => (x.shape[i + 2]! > size ? [i] : []));
  if (axes.length === 0) return x;
  return f.slice(
    x,
    axes.map(() => 0),
    axes.map((i) => sizes[i]!),
    axes.map((i) => i + 2),
  );
}

/** The map of an image: `Conv`. */
export function correlate(image: Tensor, filters: Tensor, { axes, group }: Convolution): Tensor {
  return f.emitOne("Conv", [image, filters], spatialAttributes(axes, group));
}

/**
 * The adjoint of {@link correlate} with respect to the image: spreads a map over an image. With stride 1 it is a `Conv`
 * with the filters turned around, which ONNX Runtime mostly runs faster than `ConvTranspose`.
 */
export function spread(map: Tensor, filters: Tensor, { axes, group }: Convolution): Tensor {
  const turned = axes.map(turnedAxis);
  if (axes.every(({ stride }) => stride === 1) && turned.every(({ begin, end }) => begin >= 0 && end >= 0)) {
    return f.emitOne("Conv", [map, turn(filters, group)], spatialAttributes(turned, group));
  }
  const padding = axes.map((axis) => axis.size - turnedSize(axis));
  return f.emitOne("ConvTranspose", [map, filters], {
    ...spatialAttributes(axes, group),
    ...(padding.every((extra) => extra === 0) ? {} : { output_padding: padding }),
  });
}

/** Elements of the image that its windows reach, less the padding. */
function turnedSize({ out, kernel, stride, dilation, begin, end }: WindowAxis): number {
  return (out - 1) * stride + (kernel - 1) * dilation + 1 - begin - end;
}

/** The axis on which turned filters slide over the map to give the image. */
function turnedAxis(axis: WindowAxis): WindowAxis {
  const reach = (axis.kernel - 1) * axis.dilation;
  const begin = reach - axis.begin;
  return { ...axis, size: axis.out, out: axis.size, begin, end: axis.size + reach - axis.out - begin };
}

/** Filters [group · outer, inner, ...] as [group · inner, outer, ...], every kernel reversed along all of its axes. */
function turn(filters: Tensor, group: number): Tensor {
  const [channels, inner, ...kernel] = filters.shape as [number, number, ...number[]];
  const outer = channels / group;
  const places = sizeOf(kernel);
  const grouped = f.reshape(filters, [group, outer, inner, places]);
  const swapped = outer === 1 || inner === 1 ? grouped : f.transpose(grouped, [0, 2, 1, 3]);
  const reversed = places === 1 ? swapped : f.slice(swapped, [-1], [-places - 1], [3], [-1]);
  return f.reshape(reversed, [group * inner, outer, ...kernel]);
}

/** The adjoint of {@link correlate} with respect to the filters, from an image and the gradient of its map. */
export function filterGradient(image: Tensor, map: Tensor, filters: Shape, convolution: Convolution): Tensor {
  const { axes, group } = convolution;
  if (group > 1 && filters[1] === 1) return depthwiseFilterGradient(image, map, filters, convolution);
  const rows = filters[0]! / group;
  const positions = sizeOf(axes.map((axis) => axis.out));
  const isJoint = rows >= JOINT_FROM * positions && sizeOf(filters.slice(2)) <= MOST_SLICES;
  if (isJoint) return jointGradient(image, map, filters, convolution);
  const [batch, places] = [image.shape[0]!, sizeOf(filters.slice(1))];
  const groups = group === 1 ? [] : [group];
  const products = f.matmul(
    f.reshape(map, [batch, ...groups, rows, positions]),
    f.swapLast(f.reshape(columnsOf(image, convolution), [batch, ...groups, places, positions])),
  );
  return f.reshape(batch === 1 ? products : f.reduceSum(products, { axes: [0] }), filters);
}

/**
 * One product over batch and positions, of columns with channels last, which are cut out of the image slice by slice.
 * Many filters over few positions want it: a product for each sample would take more memory than the columns do.
 */
function jointGradient(image: Tensor, map: Tensor, filters: Shape, { axes, group }: Convolution): Tensor {
  const [batch, channels] = [image.shape[0]!, image.shape[1]!];
  const [rows, inner, kernel] = [filters[0]! / group, channels / group, filters.slice(2)];
  const [joint, places] = [batch * sizeOf(axes.map((axis) => axis.out)), sizeOf(kernel)];
  const spatial = axes.map((_, i) => i + 3);
  const grouped = f.reshape(image, [batch, group, inner, ...image.shape.slice(2)]);
  const padded = padAxes(f.transpose(grouped, [1, 0, ...spatial, 2]), axes);
  const slices = placesOf(kernel).map((place) => slicePlace(padded, axes, place));
  const columns = slices.length === 1 ? slices[0]! : f.concat(slices, axes.length + 2);
  const left = f.transpose(f.reshape(map, [batch, group, rows, joint / batch]), [1, 2, 0, 3]);
  const product =
    group === 1
      ? f.gemm(f.reshape(left, [rows, joint]), f.reshape(columns, [joint, places * inner]))
      : f.matmul(f.reshape(left, [group, rows, joint]), f.reshape(columns, [group, joint, places * inner]));
  const split = f.reshape(product, [filters[0]!, places, inner]);
  return f.reshape(places === 1 ? split : f.transpose(split, [0, 2, 1]), filters);
}

/** Pads spatial axes 2, 3, … with zeros, as far as the windows reach. */
function padAxes(x: Tensor, axes: readonly WindowAxis[]): Tensor {
  const begins = axes.map((axis) => axis.begin);
  const ends = axes.map((axis) => Math.max(0, turnedSize(axis) + axis.end - axis.size));
  if ([...begins, ...ends].every((pad) => pad === 0)) return x;
  return f.emitOne("Pad", [x, x.graph.ints([0, 0, ...begins, 0, 0, 0, ...ends, 0])]);
}

/** All places of a kernel in row-major order. */
function placesOf(kernel: Shape): number[][] {
  const along = (size: number) => Array.from({ length: size }, (_, i) => i);
  return kernel.reduce<number[][]>(
    (places, size) => places.flatMap((place) => along(size).map((i) => [...place, i])),
    [[]],
  );
}

/** What lies under one place of the kernel at each position, of a padded image with spatial axes 2, 3, … */
function slicePlace(padded: Tensor, axes: readonly WindowAxis[], place: readonly number[]): Tensor {
  const starts = axes.map((axis, i) => place[i]! * axis.dilation);
  const ends = axes.map((axis, i) => starts[i]! + (axis.out - 1) * axis.stride + 1);
  if (axes.every((axis, i) => starts[i] === 0 && ends[i] === padded.shape[i + 2] && axis.stride === 1)) return padded;
  return f.slice(
    padded,
    starts,
    ends,
    axes.map((_, i) => i + 2),
    axes.map((axis) => axis.stride),
  );
}

/** What lies under each place of the kernel at each position: [N, channels · places, ...positions]. */
function columnsOf(image: Tensor, { axes }: Convolution): Tensor {
  const kernel = axes.map((axis) => axis.kernel);
  if (axes.every(({ kernel, stride, begin, end }) => kernel === 1 && stride === 1 && begin === 0 && end === 0)) {
    return image;
  }
  const channels = image.shape[1]!;
  return f.emitOne("Conv", [image, oneHotFilters(image, kernel)], spatialAttributes(axes, channels));
}

/** For each channel and each place of the kernel, a filter that takes the element there. */
function oneHotFilters({ graph, dtype, shape }: Tensor, kernel: Shape): Tensor {
  const [channels, places] = [shape[1]!, sizeOf(kernel)];
  return graph.shared(`one-hot filters ${dtype} ${channels} ${kernel.join("x")}`, () => {
    const values = new Array<number>(channels * places * places).fill(0);
    for (let row = 0; row < channels * places; row++) values[row * places + (row % places)] = 1;
    return graph.constant(dtype, [channels * places, 1, ...kernel], values);
  });
}

/**
 * Every plane of the image meets its own planes of the map only: a grouped `Conv` of image and map, batch and channels
 * taken together as groups, with the roles of strides and dilations swapped. Nothing needs to be copied or transposed.
 */
function depthwiseFilterGradient(image: Tensor, map: Tensor, filters: Shape, { axes }: Convolution): Tensor {
  const [batch, channels] = [image.shape[0]!, image.shape[1]!];
  const group = batch * channels;
  const swapped = axes.map((axis) => ({ ...axis, kernel: axis.out, stride: axis.dilation, dilation: axis.stride }));
  const planes = f.emitOne(
    "Conv",
    [
      f.reshape(image, [1, group, ...image.shape.slice(2)]),
      f.reshape(map, [batch * map.shape[1]!, 1, ...map.shape.slice(2)]),
    ],
    spatialAttributes(swapped, group),
  );
  const cropped = f.reshape(crop(planes, filters.slice(2)), [batch, ...filters]);
  return batch === 1 ? f.reshape(cropped, filters) : f.reduceSum(cropped, { axes: [0] });
}

/** Sums a map over everything but its channels: the gradient of a bias. */
export function biasGradient(map: Tensor): Tensor {
  return f.reduceSum(map, { axes: map.shape.flatMap((_, i) => (i === 1 ? [] : [i])) });
}
