import { none, type Operation } from "./operation.js";

/** Pixels of each value. Filled anew for each channel. */
const counts = new Uint32Array(256);

/** Spreads the values of each channel, so that all are about as frequent, as Pillow does it. */
export const equalize: Operation = {
  name: "equalize",
  isSigned: false,
  magnitude: none,
  apply: (source, offset, target, { channels, height, width }) => {
    const pixels = height * width;
    for (let plane = 0; plane < channels * pixels; plane += pixels) {
      counts.fill(0);
      for (let i = plane; i < plane + pixels; i++) counts[source[offset + i]!]!++;
      toNewValues(pixels);
      for (let i = plane; i < plane + pixels; i++) target[i] = counts[source[offset + i]!]!;
    }
  },
};

/** Turns counts of values into what values become: one more for every `step` pixels that are darker. */
function toNewValues(pixels: number): void {
  let highest = 255;
  while (counts[highest] === 0) highest--;
  const step = Math.floor((pixels - counts[highest]!) / 255);
  let darker = Math.floor(step / 2);
  for (let value = 0; value < 256; value++) {
    const count = counts[value]!;
    counts[value] = step === 0 ? value : Math.min(255, Math.floor(darker / step));
    darker += count;
  }
}
