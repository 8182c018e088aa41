import { TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import { initialize } from "../../src/models/model.js";
import { parseRecipe } from "../../src/recipe/parse.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { dataset } from "../data/helpers.js";

const SET = dataset(
  Array.from({ length: 40 }, (_, i) => i % 3),
  8,
  8,
);
const BATCH = 8;

/** A training of a small student; the teacher answers with zeros and keeps what it was shown. */
function training(augment: string, distill: string) {
  const recipe = parseRecipe(
    `{ name: t, data: { source: digits }, teacher: { model: { family: mlp, hidden: [2] }, train: { epochs: 1 } },
       student: { model: { family: mlp, hidden: [4] }, train: { epochs: 3, batchSize: ${BATCH}, augment: ${augment} } },
       distill: ${distill} }`,
    "t.yaml",
  );
  const shown: Float32Array[] = [];
  const model = buildModel({ family: "mlp", hidden: [4] }, SET, 3);
  const job = offlineJob({
    model,
    split: wholeSplit(SET),
    train: recipe.student.train,
    terms: recipe.distill,
    seed: 5,
    teacher: {
      answer: async (images, _, target) => {
        shown.push(images.slice());
        target.fill(0);
      },
    },
    liveTeacher: { model, values: initialize(model, 9) },
  });
  return { job, shown };
}

/** Copies of what steps feed, in the order in which they are asked. */
async function fedAt(augment: string, distill: string, steps: readonly number[]) {
  const { job, shown } = training(augment, distill);
  const fed: Record<string, number[]>[] = [];
  for (const step of steps) {
    const feeds = await job.feeds(step);
    fed.push(Object.fromEntries(Object.entries(feeds).map(([name, values]) => [name, Array.from(values, Number)])));
  }
  return { fed, shown };
}

const BOTH = "[{ loss: kd }, { loss: cross-entropy }]";

describe.each(["[{ name: jitter }, { name: mixup }]", "[{ name: cutmix }, { name: mixup, per: batch }]"])(
  "%s",
  (augment) => {
    it("shows the teacher what the student sees", async () => {
      const { fed, shown } = await fedAt(augment, BOTH, [0, 1]);
      shown.forEach((images, step) => {
        expect([...images]).toEqual(fed[step]!.images);
      });
      const plain = await fedAt("[]", BOTH, [0]);
      expect(fed[0]!.labels).toEqual(plain.fed[0]!.labels);
      expect(fed[0]!.images).not.toEqual(plain.fed[0]!.images);
    });

    it("gives a resumed training the very batches of one that was never stopped", async () => {
      const whole = await fedAt(
        augment,
        BOTH,
        Array.from({ length: 15 }, (_, step) => step),
      );
      const resumed = await fedAt(augment, BOTH, [7, 8, 9, 10, 14]);
      resumed.fed.forEach((feeds, i) => {
        expect(feeds).toEqual(whole.fed[[7, 8, 9, 10, 14][i]!]);
      });
    });

    it("feeds second labels and shares only where a term looks at labels", async () => {
      const [labelled] = (await fedAt(augment, BOTH, [0])).fed;
      expect(Object.keys(labelled!).sort()).toEqual([
        "images",
        "labelShares",
        "labels",
        "otherLabels",
        "teacherLogits",
      ]);
      const [soft] = (await fedAt(augment, "[{ loss: kd }]", [0])).fed;
      expect(Object.keys(soft!).sort()).toEqual(["images", "teacherLogits"]);
    });
  },
);

it("a teacher that terms look into runs on the mixed images, in the same graph", async () => {
  const { job } = training("[{ name: mixup }]", "[{ loss: kd }, { loss: fitnets, student: relu1, teacher: relu1 }]");
  expect(job.program.feeds.map(({ name }) => name)).toEqual(["images"]);
});

it("mixed labels are learned from", async () => {
  const { job } = training("[{ name: mixup }]", "[{ loss: cross-entropy }]");
  const session = await TrainingSession.create(job.program, nodeBackend, { seed: 5, state: job.initial, threads: 1 });
  const losses: number[] = [];
  for (let step = 0; step < 15; step++) {
    const report = await session.run(await job.feeds(step), 0.02);
    losses.push(report.loss!);
  }
  await session.release();
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(Math.min(...losses.slice(-3))).toBeLessThan(losses[0]!);
});
