import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomStream } from "@limbeck/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { NAMED_DATASETS } from "../../src/data/named/index.js";
import type { DataQuality, LabelCheck } from "../../src/evaluate/data-quality.js";
import { limbeck, temporaryFolder } from "./harness.js";

const [LEARNED, TESTED, FLIPPED] = [4000, 1000, 0.05];
const folder = temporaryFolder();

/** Writes digits as idx files, of which some have another label than their own. @returns which */
async function writeDigits(name: string, from: number, size: number): Promise<Set<number>> {
  const { train } = await NAMED_DATASETS.digits.load({});
  const area = train.height * train.width;
  // The package's digits stand by class.
  const order = Array.from({ length: size }, (_, i) => ((from + i) * 7919) % train.size);
  const random = randomStream(11);
  const flipped = new Set(order.flatMap((_, i) => (random.uniform() < FLIPPED ? [i] : [])));
  const labels = order.map((sample, i) => (train.labels[sample]! + (flipped.has(i) ? 1 + random.below(9) : 0)) % 10);
  const header = (...dims: number[]) =>
    Buffer.from([0, 0, 8, dims.length, ...dims.flatMap((dim) => [0, 0, dim >> 8, dim & 255])]);
  const pixels = order.map((sample) => train.pixels.subarray(sample * area, (sample + 1) * area) as Uint8Array);
  writeFileSync(join(folder, `${name}.images`), Buffer.concat([header(size, 28, 28), ...pixels]));
  writeFileSync(join(folder, `${name}.labels`), Buffer.concat([header(size), Uint8Array.from(labels)]));
  return flipped;
}

/** The recipe of a teacher and a student that hardly matters. */
function recipeFor(learned: string, teacher: object): string {
  const part = (name: string) => ({ images: `${name}.images`, labels: `${name}.labels` });
  return JSON.stringify({
    name: "flipped",
    seeds: 1,
    baseline: false,
    data: { source: { train: part(learned), test: part("test") } },
    teacher,
    student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 1, batchSize: 100 } },
    distill: [{ loss: "kd" }],
  });
}

async function runOf(name: string, recipe: string): Promise<DataQuality> {
  const [path, runDir] = [join(folder, `${name}.json`), join(folder, name)];
  writeFileSync(path, recipe);
  const { code, stdout, stderr } = await limbeck(["run", path, "--out", runDir, "--json"]);
  expect(code, stderr + stdout).toBe(0);
  return JSON.parse(stdout).results.data;
}

/** Shares of the doubted labels that are wrong, and of the wrong ones that are doubted. */
function scores({ worst, doubted }: LabelCheck, flipped: ReadonlySet<number>) {
  expect(worst).toHaveLength(doubted);
  const found = worst.filter(({ index }) => flipped.has(index)).length;
  return { precision: found / doubted, recall: found / flipped.size };
}

describe("labels of digits that were flipped on purpose", () => {
  let wrong: Record<"train" | "more" | "test", Set<number>>;
  let own: DataQuality;
  beforeAll(async () => {
    wrong = {
      train: await writeDigits("train", 0, LEARNED),
      more: await writeDigits("more", LEARNED, 2 * TESTED),
      test: await writeDigits("test", 2 * LEARNED, TESTED),
    };
    const model = { family: "mlp", hidden: [64], dropout: { input: 0.1, hidden: 0.3 } };
    own = await runOf("own", recipeFor("train", { model, train: { epochs: 12, batchSize: 50, learningRate: 0.003 } }));
  }, 180_000);

  it("are found among those that the run's own teacher did not learn from", () => {
    const { train, test } = own.labels;
    expect(train).toMatchObject({
      asked: 0,
      doubted: 0,
      worst: [],
      note: expect.stringContaining("learned from these"),
    });
    expect(test.asked).toBe(TESTED);
    const { precision, recall } = scores(test, wrong.test);
    expect(precision).toBeGreaterThan(0.7);
    expect(recall).toBeGreaterThan(0.6);
  });

  it("are found among training samples by a teacher that is a file", async () => {
    const { labels } = await runOf("given", recipeFor("more", { onnx: "own/teacher.onnx" }));
    const { precision, recall } = scores(labels.train, wrong.more);
    expect(precision).toBeGreaterThan(0.7);
    expect(recall).toBeGreaterThan(0.6);
    expect(labels.test).toMatchObject({ doubted: own.labels.test.doubted });
  });

  it("are shown in the report, as pictures with the teacher's answer", () => {
    const report = readFileSync(join(folder, "own", "report.html"), "utf8");
    expect(report).toContain("Labels that the teacher contradicts");
    expect(report).toContain(`labelled ${own.labels.test.worst[0]!.label}"`);
    expect(report).toContain("Training samples were not judged.");
  });
});
