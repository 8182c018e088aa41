import { ops, type RandomStream, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";

/** How images are moved before a teacher sees them. */
export interface Moves {
  readonly jitter: number;
  readonly flip: boolean;
}

const isMoved = ({ jitter, flip }: Moves) => jitter > 0 || flip;

/** Images shifted around their borders, and mirrored, as the feeds say. */
export function moved(images: Tensor, moves: Moves): Tensor {
  if (!isMoved(moves)) return images;
  const { graph, shape } = images;
  const along = (name: string, axis: number) => graph.input(name, "int64", [shape[axis]!]);
  return ops.gather(ops.gather(images, along("fromRows", 2), 2), along("fromColumns", 3), 3);
}

/** Which row and column of an image is seen in each place. */
export function movement(
  { jitter, flip }: Moves,
  { height, width }: Pick<ImageGeometry, "height" | "width">,
  stream: RandomStream,
) {
  const places = (size: number, isMirrored: boolean) => {
    const shift = stream.below(2 * jitter + 1) - jitter;
    const from = (i: number) => ((((isMirrored ? size - 1 - i : i) + shift) % size) + size) % size;
    return BigInt64Array.from({ length: size }, (_, i) => BigInt(from(i)));
  };
  return { fromRows: places(height, false), fromColumns: places(width, flip && stream.below(2) === 1) };
}
