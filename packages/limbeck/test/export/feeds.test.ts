import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeBackend } from "@limbeck/graph/node";
import { expect, it } from "vitest";
import { drawSubset } from "../../src/data/split.js";
import { modelFeeds } from "../../src/export/feeds.js";
import { readFinishedRun } from "../../src/export/finished-run.js";
import { exportedModel } from "../../src/export/model.js";
import { loadSamples } from "../../src/runs/samples.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { digitsRun, soundsRun, textsRun, windowsRun } from "./fixture.js";

it.each([
  ["gray images", () => digitsRun({ seeds: 1, baseline: false }), 50],
  ["windows", windowsRun, 1000],
  ["sounds", soundsRun, 1000],
  ["texts", textsRun, 1000],
])("feeds for calibration are the run's own samples, and mean the same to both models: %s", async (_, run, count) => {
  const runDir = await run();
  const { recipe, samples, student } = readFinishedRun(runDir);
  const { signal } = new AbortController();
  const { train } = await loadSamples(recipe, signal);
  const split = drawSubset(train, Math.min(count, train.indices.length), recipe.seed);
  const wanted = await (await Classifier.load(readFileSync(join(runDir, "student.onnx")), train.dataset, 1)).classify(
    split,
  );
  const session = await nodeBackend.createSession(await exportedModel(student, samples), { threads: 1 });
  const found: number[] = [];
  for await (const feeds of modelFeeds(recipe, count, signal)) {
    const tensors = Object.entries(feeds).map(([name, { dtype, data, dims }]) => [
      name,
      nodeBackend.tensor(dtype, data, dims),
    ]);
    found.push(...((await session.run(Object.fromEntries(tensors))).logits!.data as Float32Array));
  }
  expect(found).toHaveLength(wanted.length);
  for (const [i, logit] of found.entries()) expect(logit).toBeCloseTo(wanted[i]!, 4);
});
