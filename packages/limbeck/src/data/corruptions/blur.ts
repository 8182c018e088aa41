import sharp from "sharp";
import type { ImageGeometry } from "../dataset.js";
import type { Corruption } from "./corruption.js";

/** A Gaussian blur as wide as a share of the image's shorter side. */
export const blur: Corruption = {
  name: "blur",
  meaning: "Gaussian blur; σ is a share of the shorter side",
  severities: [64, 32, 16].map((part) => ({
    strength: `σ = 1/${part}`,
    apply: (image, geometry) => blurred(image, geometry, Math.min(geometry.height, geometry.width) / part),
  })),
};

/** Narrower ones change nothing. */
const NARROWEST = 0.3;

/** Channel by channel, because images of a science need not have three. */
async function blurred(image: Uint8Array, { channels, height, width }: ImageGeometry, sigma: number) {
  const area = height * width;
  const result = new Uint8Array(image.length);
  for (let c = 0; c < channels; c++) {
    const plane = await sharp(image.slice(c * area, (c + 1) * area), { raw: { width, height, channels: 1 } })
      .blur({ sigma: Math.max(NARROWEST, sigma), precision: "float", minAmplitude: 0.01 })
      .toColorspace("b-w")
      .raw()
      .toBuffer();
    result.set(plane, c * area);
  }
  return result;
}
