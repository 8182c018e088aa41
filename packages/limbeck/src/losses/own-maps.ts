import { formatShape, type Tensor } from "@limbeck/graph";
import { LimbeckError } from "../support/errors.js";

/** The fewest layers, and channels of each, that a loss on the student's own maps takes. */
interface Fewest {
  readonly layers: number;
  readonly channels: number;
}

/** @throws LimbeckError FEATURE_MISMATCH unless all taps are maps [N, C, H, W], and there are enough of them */
export function requireMaps(taps: readonly Tensor[], { layers, channels }: Fewest): void {
  const shapes = taps.map(({ shape }) => shape);
  const areMaps = shapes.every((shape) => shape.length === 4 && shape[1]! >= channels);
  if (areMaps && taps.length >= layers) return;
  const wanted = `${layers} or more maps [N, C, H, W]${channels > 1 ? ` of ${channels} channels or more` : ""}`;
  const message = `the student's taps must be ${wanted}; they are ${shapes.map(formatShape).join(", ")}`;
  throw new LimbeckError("FEATURE_MISMATCH", message, { value: shapes, fix: "Tap stages of a convolutional network." });
}
