import { describe, expect, it } from "vitest";
import type { ModelValues } from "../../src/models/model.js";
import type { DistillTerm } from "../../src/recipe/schema.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { liveTeacher } from "../../src/teachers/teacher.js";
import { build, split, stepOf, train } from "./steps.js";

const teacher = liveTeacher(async (_, samples) => Float32Array.from({ length: 3 * samples.length }, (__, i) => i % 2));

/** Which ends a step changes. */
async function changedEnds(terms: DistillTerm[]): Promise<Record<"byLabels" | "byTeacher", boolean>> {
  const model = build({ family: "vit", dim: 8, depth: 1, heads: 2, distilled: true });
  const job = offlineJob({ model, split, train, terms, seed: 3, teacher });
  const { after } = await stepOf(job);
  const values: ModelValues = job.initial;
  const isChanged = (name: string) => after[name]!.some((value, i) => value !== values[name]![i]);
  return { byLabels: isChanged("head.weight"), byTeacher: isChanged("head_dist.weight") };
}

const teaches = (weight: number): DistillTerm => ({ loss: "hard-label", weight });
const labels = (weight: number): DistillTerm => ({ loss: "cross-entropy", weight, labelSmoothing: 0 });

describe("of a student with a distillation token", () => {
  it("the teacher trains that token's end, labels the class token's", async () => {
    expect(await changedEnds([teaches(1), labels(0)])).toEqual({ byLabels: false, byTeacher: true });
    expect(await changedEnds([teaches(0), labels(1)])).toEqual({ byLabels: true, byTeacher: false });
  });

  it("both ends learn what there is where only one of them teaches", async () => {
    expect(await changedEnds([teaches(1)])).toEqual({ byLabels: true, byTeacher: true });
    expect(await changedEnds([labels(1)])).toEqual({ byLabels: true, byTeacher: true });
  });
});
