import { type ImageGeometry, sampleLength } from "../dataset.js";

/** Luma of what sRGB's channels hold (ITU-R BT.601). */
const WEIGHTS = [0.299, 0.587, 0.114] as const;

/** Means of luma over the cells of a grid that covers an image, `[rows, columns]`. */
export type LumaGrid = (pixels: Uint8Array, sample: number) => Float64Array;

/** How a pixel's range is shared by cells: cell, pixel, share. */
interface Share {
  readonly cell: number;
  readonly pixel: number;
  readonly share: number;
}

/** Parts of `pixels` that fall into each of `cells` of equal width; the shares of one cell add up to 1. */
function sharesOf(pixels: number, cells: number): Share[] {
  const width = pixels / cells;
  return Array.from({ length: cells }, (_, cell) => {
    const [from, to] = [cell * width, (cell + 1) * width];
    const last = Math.min(pixels, Math.ceil(to - 1e-9));
    return Array.from({ length: last - Math.floor(from) }, (_, i) => {
      const pixel = Math.floor(from) + i;
      return { cell, pixel, share: (Math.min(to, pixel + 1) - Math.max(from, pixel)) / width };
    });
  }).flat();
}

/** Makes what brings a data set's images to a small grid. One or two channels are gray, of more the first three count. */
export function lumaGrid(geometry: ImageGeometry, rows: number, columns: number): LumaGrid {
  const { channels, height, width } = geometry;
  const length = sampleLength(geometry);
  const weights = channels >= 3 ? WEIGHTS : [1];
  const [down, across] = [sharesOf(height, rows), sharesOf(width, columns)];
  const lines = new Float64Array(rows * width);
  return (pixels, sample) => {
    lines.fill(0);
    for (const [channel, weight] of weights.entries()) {
      const plane = sample * length + channel * height * width;
      for (const { cell, pixel, share } of down) {
        const [to, from, factor] = [cell * width, plane + pixel * width, weight * share];
        for (let x = 0; x < width; x++) lines[to + x]! += factor * pixels[from + x]!;
      }
    }
    const grid = new Float64Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (const { cell, pixel, share } of across) grid[row * columns + cell]! += share * lines[row * width + pixel]!;
    }
    return grid;
  };
}
