import type { RandomStream } from "@limbeck/graph";
import { type ImageGeometry, sampleLength } from "../../dataset.js";
import type { ImageChange } from "../augmentation.js";
import { OPERATIONS, STRONGEST } from "./index.js";
import type { Reach } from "./operation.js";

/** Which operations are drawn. */
export interface Drawing {
  /** How many are applied, one after another; the same may come twice. */
  readonly count: number;
  readonly reach: Reach;
  /** A step from 0 to {@link STRONGEST}. */
  step(random: RandomStream): number;
}

/** A change that draws operations anew for each image. */
export function drawnOperations({ count, reach, step }: Drawing): ImageChange {
  let between = new Uint8Array(0);
  return (source, offset, target, geometry, random) => {
    if (count > 1 && between.length !== sampleLength(geometry)) between = new Uint8Array(sampleLength(geometry));
    let image = source;
    let start = offset;
    for (let left = count - 1; left >= 0; left--) {
      // The last one writes the target.
      const next = left % 2 === 0 ? target : between;
      applyDrawn(image, start, next, geometry, random, reach, step(random) / STRONGEST);
      image = next;
      start = 0;
    }
  };
}

function applyDrawn(
  source: Uint8Array,
  offset: number,
  target: Uint8Array,
  geometry: ImageGeometry,
  random: RandomStream,
  reach: Reach,
  share: number,
): void {
  const operation = OPERATIONS[random.below(OPERATIONS.length)]!;
  const sign = operation.isSigned && random.below(2) === 1 ? -1 : 1;
  operation.apply(source, offset, target, geometry, sign * operation.magnitude(share, reach, geometry));
}
