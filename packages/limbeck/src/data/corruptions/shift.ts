import { shift as move } from "../augment/jitter.js";
import type { Corruption } from "./corruption.js";

/** Moves the image by a share of its sides, in one of eight directions that is drawn; what becomes free is 0. */
export const shift: Corruption = {
  name: "shift",
  meaning: "Moves the image by a share of its sides in one of eight directions; what becomes free is black",
  severities: [16, 8, 4].map((part) => ({
    strength: `1/${part}`,
    apply: (image, geometry, random) => {
      const moved = new Uint8Array(image.length);
      // Of the nine places around the middle, all but the middle.
      const place = random.below(8);
      const [right, down] = [(place < 4 ? place : place + 1) % 3, Math.floor((place < 4 ? place : place + 1) / 3)];
      const step = (size: number) => Math.max(1, Math.round(size / part));
      move(image, 0, moved, geometry, (right - 1) * step(geometry.width), (down - 1) * step(geometry.height));
      return moved;
    },
  })),
};
