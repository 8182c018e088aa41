import { expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { dataset, train } from "./fixture.js";

it("training that stops early has the learning rates of the whole schedule", () => {
  const job = (stopAfter?: number) =>
    offlineJob({
      model: buildModel({ family: "mlp", hidden: [4] }, dataset, 3),
      split: wholeSplit(dataset),
      train: { ...train, epochs: 10, decay: "cosine", warmupEpochs: 1, stopAfter },
      terms: [{ loss: "cross-entropy", weight: 1, labelSmoothing: 0 }],
      seed: 1,
    });
  const [whole, early] = [job(), job(4)];
  expect([whole.epochs, early.epochs]).toEqual([10, 4]);
  const rates = ({ learningRate }: typeof whole) => Array.from({ length: 8 }, (_, step) => learningRate(step));
  expect(rates(early)).toEqual(rates(whole));
  expect(early.learningRate(7)).toBeGreaterThan(whole.learningRate(19));
});
