import type { ImageGeometry } from "../../dataset.js";

/** How strong the strongest magnitude is: as in RandAugment, or as in TrivialAugment's wide space. */
export type Reach = "usual" | "wide";

/** One operation of RandAugment and TrivialAugment, with torchvision's magnitudes. */
export interface Operation {
  readonly name: string;
  /** Whether the magnitude may be turned around. */
  readonly isSigned: boolean;
  /** The magnitude in the operation's own unit. @param share of the strongest, 0 … 1 */
  magnitude(share: number, reach: Reach, geometry: ImageGeometry): number;
  /**
   * Reads one image at `source[offset …]` and writes `target[0 …]`, another array, both `[channels, height, width]`.
   * Allocates nothing.
   */
  apply(source: Uint8Array, offset: number, target: Uint8Array, geometry: ImageGeometry, magnitude: number): void;
}

/** Magnitudes that grow from 0 to the strongest. */
export function upTo(usual: number, wide: number): Operation["magnitude"] {
  return (share, reach) => share * (reach === "wide" ? wide : usual);
}

/** Of operations that are always the same. */
export const none: Operation["magnitude"] = () => 0;
