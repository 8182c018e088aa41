import { brightness as brighten } from "../augment/operations/brightness.js";
import { contrast as stretch } from "../augment/operations/contrast.js";
import type { Operation } from "../augment/operations/operation.js";
import type { Corruption } from "./corruption.js";

const FACTORS = [0.8, 0.6, 0.4] as const;

/** Both ways: half of the images, drawn, get less, the others as many times more. */
function scaled(name: string, meaning: string, operation: Operation): Corruption {
  return {
    name,
    meaning,
    severities: FACTORS.map((factor) => ({
      strength: `× ${factor} or × ${Number((1 / factor).toFixed(2))}`,
      apply: (image, geometry, random) => {
        const changed = new Uint8Array(image.length);
        const times = random.below(2) === 0 ? factor : 1 / factor;
        operation.apply(image, 0, changed, geometry, times - 1);
        return changed;
      },
    })),
  };
}

/** Multiplies all values. */
export const brightness: Corruption = scaled("brightness", "Multiplies all values", brighten);

/** Multiplies the distance from the image's mean luma. */
export const contrast: Corruption = scaled("contrast", "Multiplies the distance from the mean brightness", stretch);
