import type { TrainOptions } from "../../src/recipe/schema.js";

export const train: TrainOptions = {
  epochs: 1,
  batchSize: 4,
  optimizer: { name: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0 },
  learningRate: 0.01,
  decay: "constant",
  warmupEpochs: 0,
  augment: [],
};

/** Eight images of three classes. */
export const dataset = {
  name: "ramp",
  size: 8,
  channels: 1,
  height: 8,
  width: 8,
  classes: ["a", "b", "c"],
  pixels: Uint8Array.from({ length: 8 * 64 }, (_, i) => (i * 37) % 251),
  labels: Uint8Array.from({ length: 8 }, (_, i) => i % 3),
};
