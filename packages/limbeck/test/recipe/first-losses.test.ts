import { TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import type { Split } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import { readRecipe } from "../../src/recipe/parse.js";
import { HARD_LABELS } from "../../src/runs/arms.js";
import { drawTransferSet, loadSamples } from "../../src/runs/samples.js";
import type { TrainingJob } from "../../src/schemes/job.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { liveTeacher, type TeacherSource } from "../../src/teachers/teacher.js";

const STEPS = 3;
const CONFIDENCE = 50;

/** Losses of the first steps, to five digits: whatever changes data, models, losses or optimizers shows here. */
async function firstLosses(job: TrainingJob): Promise<string[]> {
  const session = await TrainingSession.create(job.program, nodeBackend, {
    seed: job.seed,
    state: job.initial,
    threads: 1,
  });
  const losses: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    const { loss } = await session.run(await job.feeds(step), job.learningRate(step));
    losses.push(loss!.toPrecision(5));
  }
  await session.release();
  return losses;
}

/**
 * The recipe's teacher before it has learned anything, made as confident as a trained one: its answers are as good as any
 * for this purpose.
 */
async function untrained(choice: ModelChoice, { dataset }: Split, seed: number): Promise<TeacherSource> {
  const model = buildModel(choice, dataset, dataset.classes.length);
  const classifier = await Classifier.load(toOnnxModel(model, dataset, initialize(model, seed)), dataset, 1);
  return liveTeacher(async (images, count) => (await classifier.logits(images, count)).map((z) => CONFIDENCE * z));
}

async function recipeLosses(name: string): Promise<Record<string, string[]>> {
  const recipe = readRecipe(new URL(`../../../../recipes/${name}.yaml`, import.meta.url).pathname);
  const { train } = await loadSamples(recipe, new AbortController().signal);
  const { seed, teacher, student, distill, data } = recipe;
  const classes = train.dataset.classes.length;
  const teacherModel = buildModel(teacher.model as ModelChoice, train.dataset, classes);
  const studentModel = buildModel(student.model as ModelChoice, train.dataset, classes);
  const split = drawTransferSet(train, data.transfer, seed);
  const small = { model: studentModel, split, train: student.train, seed };
  const source = await untrained(teacher.model as ModelChoice, train, seed);
  return {
    teacher: await firstLosses(
      offlineJob({ model: teacherModel, split: train, train: teacher.train, terms: HARD_LABELS, seed }),
    ),
    student: await firstLosses(offlineJob({ ...small, terms: distill, teacher: source })),
    baseline: await firstLosses(offlineJob({ ...small, terms: HARD_LABELS })),
  };
}

describe("first losses of the recipes", () => {
  it("digits", async () => {
    expect(await recipeLosses("digits")).toMatchInlineSnapshot(`
      {
        "baseline": [
          "2.2858",
          "2.2828",
          "2.2784",
        ],
        "student": [
          "1.2527",
          "1.2071",
          "1.2112",
        ],
        "teacher": [
          "2.3083",
          "2.2665",
          "2.2229",
        ],
      }
    `);
  });

  it.skipIf(!process.env.LIMBECK_DATA_DIR)("hinton-mnist (skipped without MNIST in LIMBECK_DATA_DIR)", async () => {
    expect(await recipeLosses("hinton-mnist")).toMatchInlineSnapshot(`
      {
        "baseline": [
          "2.3098",
          "2.2186",
          "2.1414",
        ],
        "student": [
          "1.4438",
          "1.1757",
          "0.75648",
        ],
        "teacher": [
          "2.3070",
          "2.2804",
          "2.2060",
        ],
      }
    `);
  });
});
