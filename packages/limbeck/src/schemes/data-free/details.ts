import { ops, type RandomStream, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";

/** The smallest part of an image's area that a detail shows, and the narrowest and widest shape of it. */
const SMALLEST_SHARE = 0.25;
const SHAPES = [3 / 4, 4 / 3] as const;

type Size = Pick<ImageGeometry, "height" | "width">;

/** Parts of images, each enlarged to the size of the whole, as the feeds say. */
export function details(images: Tensor): Tensor {
  const { graph, shape } = images;
  const [count, , height, width] = shape as [number, number, number, number];
  const rows = graph.input("detailRows", "float32", [count, 1, height, height]);
  const columns = graph.input("detailColumns", "float32", [count, 1, width, width]);
  return ops.matmul(ops.matmul(rows, images), columns);
}

/** Draws for each image which part is shown: between a quarter and all of its area. Bilinear, by pixels' centers. */
export function detailFeeds({ height, width }: Size, count: number) {
  const rows = new Float32Array(count * height * height);
  const columns = new Float32Array(count * width * width);
  return (stream: RandomStream) => {
    rows.fill(0);
    columns.fill(0);
    for (let i = 0; i < count; i++) {
      const share = SMALLEST_SHARE + (1 - SMALLEST_SHARE) * stream.uniform();
      const shape = Math.exp(Math.log(SHAPES[0]) + (Math.log(SHAPES[1]) - Math.log(SHAPES[0])) * stream.uniform());
      const down = part(height, Math.sqrt(share / shape), stream.uniform());
      const across = part(width, Math.sqrt(share * shape), stream.uniform());
      enlarge(height, down, (to, from, by) => {
        rows[(i * height + to) * height + from]! += by;
      });
      enlarge(width, across, (to, from, by) => {
        columns[(i * width + from) * width + to]! += by;
      });
    }
    return { detailRows: rows, detailColumns: columns };
  };
}

interface Part {
  readonly start: number;
  readonly length: number;
}

function part(size: number, share: number, place: number): Part {
  const length = Math.max(1, Math.min(size, Math.round(size * share)));
  return { start: Math.floor(place * (size - length + 1)), length };
}

/** Which pixels of a part each pixel of the whole is made of. */
function enlarge(size: number, { start, length }: Part, add: (to: number, from: number, by: number) => void): void {
  for (let to = 0; to < size; to++) {
    const at = Math.min(Math.max(((to + 0.5) * length) / size - 0.5, 0), length - 1);
    const low = Math.floor(at);
    add(to, start + low, 1 - (at - low));
    if (at > low) add(to, start + low + 1, at - low);
  }
}
