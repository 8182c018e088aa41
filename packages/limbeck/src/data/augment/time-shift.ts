import { z } from "zod";
import { silenceOf } from "../audio/signal/features.js";
import type { SoundAugmentation } from "./augmentation.js";

/** Options of {@link timeShift}. */
export interface TimeShiftOptions {
  /** The farthest a sound is moved, as a share of its length. Default 0.1. */
  readonly share: number;
}

/** Lets the sound begin earlier or later, by up to `share` of its length; what becomes free is silent. */
export const timeShift: SoundAugmentation<TimeShiftOptions> = {
  name: "time-shift",
  summary: "lets a sound begin earlier or later",
  options: z.strictObject({
    share: z.number().min(0).max(1).default(0.1).describe("the farthest it is moved, as a share of its length"),
  }),
  prepare:
    ({ share }) =>
    (source, offset, target, { height, width, sound }, random) => {
      const most = Math.round(share * width);
      const later = random.below(2 * most + 1) - most;
      const silence = sound ? silenceOf(sound) : 0;
      for (let row = 0; row < height; row++) {
        for (let time = 0; time < width; time++) {
          const from = time - later;
          target[row * width + time] = from < 0 || from >= width ? silence : source[offset + row * width + from]!;
        }
      }
    },
};
