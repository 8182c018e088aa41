import * as f from "../ops/build.js";
import type { WindowAxis } from "../ops/window.js";
import { sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** What a filter's gradient is made of; images and maps are blocked, though their shapes do not show it. */
interface Operands {
  /** [N, C, H, W] */
  readonly image: Tensor;
  /** Gradient of the convolution's result, [N, O, …]. */
  readonly map: Tensor;
  readonly axes: readonly WindowAxis[];
  readonly block: number;
}

/** Samples whose products one group adds up, where their number allows it. Fewer than channels of a block. */
const SAMPLES = 4;

/**
 * A filter's gradient as a convolution of the image with the map, which takes no copies for the places of the kernel. The
 * channels of a block count as positions: one step across the kernel is a block of them, and each block of the map's
 * channels is a blocked filter as it stands. Samples are groups, or the inputs of one.
 * @returns summed over the batch, [O, C · kernel]
 */
export function correlate(operands: Operands): Tensor {
  const { image, map, block } = operands;
  const batch = image.shape[0]!;
  // Samples stand where ONNX Runtime wants less channels than a block has, or whole blocks of them.
  const whole = batch - (batch % block);
  if (whole === 0 || whole === batch) return correlateAll(operands);
  const part = (from: number, to: number) => {
    const samples = (x: Tensor) => f.slice(x, [from], [to], [0]);
    return correlateAll({ ...operands, image: samples(image), map: samples(map) });
  };
  return f.add(part(0, whole), part(whole, batch));
}

function correlateAll({ image, map, axes, block }: Operands): Tensor {
  const [down, across] = axes as [WindowAxis, WindowAxis];
  const [batch, channels] = image.shape as [number, number];
  const [outputs, imageBlocks, mapBlocks] = [map.shape[1]!, channels / block, map.shape[1]! / block];
  const samples = batch % SAMPLES === 0 ? SAMPLES : 1;
  const isCheap = mapBlocks === 1 || imageBlocks * down.kernel * across.kernel * block > down.out * across.out;
  const together = isCheap ? samples : 1;
  const group = batch / together;
  const products = f.emitOne(
    "BlockedConv",
    [samplesAsChannels(image, across, block), filtersOf(map, together, block)],
    {
      group,
      pads: [down.begin, 0, missing(down), 0],
      strides: [down.dilation, 1],
      dilations: [down.stride, across.stride * block],
    },
  );
  const [rows, columns] = [products.shape[2]!, products.shape[3]! / block];
  const apart = f.reshape(products, [imageBlocks, group, mapBlocks * rows * columns * block * block]);
  const sum = f.reshape(f.reduceSum(apart, { axes: [1] }), [imageBlocks, mapBlocks, rows, columns, block, block]);
  const inKernel = isWhole(rows, columns, down, across)
    ? sum
    : f.slice(sum, [0, 0], [down.kernel, spanOf(across)], [2, 3], [1, across.dilation]);
  return f.reshape(f.transpose(inKernel, [1, 5, 0, 4, 2, 3]), [outputs, channels * down.kernel * across.kernel]);
}

/** Elements from the kernel's first to its last. */
const spanOf = ({ kernel, dilation }: WindowAxis) => (kernel - 1) * dilation + 1;

/** Zeros behind an axis that the kernel reaches; the last elements may also be more than it needs. */
function missing(axis: WindowAxis): number {
  return Math.max(0, (axis.out - 1) * axis.stride + spanOf(axis) - axis.size - axis.begin);
}

function isWhole(rows: number, columns: number, down: WindowAxis, across: WindowAxis): boolean {
  return rows === down.kernel && columns === across.kernel && across.dilation === 1;
}

/** [image blocks, N, H, W · block]. Zeros across are written by a convolution, because they are cheap only above and below. */
function samplesAsChannels(image: Tensor, across: WindowAxis, block: number): Tensor {
  const [batch, channels, height] = image.shape as [number, number, number];
  const end = missing(across);
  const ones = () => image.graph.constant("float32", [channels, 1, 1, 1], new Array(channels).fill(1));
  const padded =
    across.begin === 0 && end === 0
      ? image
      : f.emitOne("BlockedConv", [image, image.graph.shared(`identity ${channels}`, ones)], {
          group: channels,
          pads: [0, across.begin, 0, end],
        });
  const blocks = channels / block;
  const line = padded.shape[3]! * block;
  return f.reshape(swapped(padded, [batch, blocks, height * line]), [blocks, batch, height, line]);
}

/** [N / together · O, together, …]: the map's own order, but for the samples of a group, which stand side by side. */
function filtersOf(map: Tensor, together: number, block: number): Tensor {
  const [batch, outputs, ...sizes] = map.shape as [number, number, ...number[]];
  const blocks = outputs / block;
  const ordered = together === 1 ? map : swapped(map, [batch / together, together, blocks, sizeOf(sizes) * block]);
  return f.reshape(ordered, [(batch / together) * outputs, together, ...sizes]);
}

/** Seen in another shape, with its last two axes but one swapped. */
function swapped(x: Tensor, shape: readonly number[]): Tensor {
  const rank = shape.length;
  const [a, b] = [rank - 3, rank - 2];
  if (shape[b] === 1 || shape[a] === 1) return x;
  const perm = shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return f.transpose(f.reshape(x, shape), perm);
}
