import { normalNumber } from "../../support/normal.js";
import { toByte } from "../augment/luma.js";
import type { Corruption } from "./corruption.js";

/** Adds a normal number to every value. */
export const noise: Corruption = {
  name: "noise",
  meaning: "Adds a normal number to every value; σ is a share of the range from black to white",
  severities: [0.04, 0.08, 0.16].map((std) => ({
    strength: `σ = ${std}`,
    apply: (image, _, random) => Uint8Array.from(image, (value) => toByte(value + normalNumber(random, 255 * std))),
  })),
};
