import { describe, expect, it } from "vitest";
import type { ModelChoice } from "../../src/models/index.js";
import { initialize, type ModelValues } from "../../src/models/model.js";
import type { DistillTerm } from "../../src/recipe/schema.js";
import { wirings } from "../../src/schemes/index.js";
import { build, expectClose, jobOf, kdAndLabels, offlineStep, small, split, stepOf, train, valuesOf } from "./steps.js";

const resnet: ModelChoice = { family: "resnet", depth: 8 };

const meanTeacher = (student: ModelChoice, options = {}, changes = {}, terms: DistillTerm[] = kdAndLabels(1)) =>
  jobOf("mean-teacher", student, terms, options, changes);

/** The state with an average that is another model than the student. */
function withAverage(state: ModelValues, choice: ModelChoice): ModelValues {
  const average = Object.entries(initialize(build(choice), 77)).map(([name, values]) => [`ema/${name}`, values]);
  return { ...state, ...Object.fromEntries(average) };
}

/** What moving averages should have become. */
function averaged(before: ModelValues, after: ModelValues, share: number): ModelValues {
  return Object.fromEntries(
    Object.entries(before).map(([name, values]) => {
      return [name, values.map((value, i) => value + share * (after[name]![i]! - value))];
    }),
  );
}

describe("mean teacher", () => {
  it("moves the student as offline distillation from the average, frozen, would", async () => {
    const job = meanTeacher(small);
    const state = withAverage(job.initial, small);
    const { after, report } = await stepOf(job, state);
    const student = valuesOf(state, "");
    const frozen = [build(small), valuesOf(state, "ema/")] as const;
    const alone = await offlineStep(build(small), student, [frozen], kdAndLabels(1), ([answers]) => answers!);
    expectClose(valuesOf(after, ""), alone.after);
    for (const term of ["loss", "kd", "cross-entropy"]) expect(report[term]).toBeCloseTo(alone.report[term]!, 5);
  });

  it.each([
    { step: 0, decay: 0.999, share: 1 / 2 },
    { step: 7, decay: 0.999, share: 1 / 9 },
    { step: 7, decay: 0.5, share: 1 / 2 },
    { step: 5000, decay: 0.99, share: 0.01 },
  ])("takes $share of what step $step has made into the average, with decay $decay", async ({ step, decay, share }) => {
    const job = meanTeacher(small, { decay }, { epochs: 5001 });
    const state = withAverage(job.initial, small);
    const { after } = await stepOf(job, state, step);
    expectClose(valuesOf(after, "ema/"), averaged(valuesOf(state, "ema/"), valuesOf(after, ""), share));
    expect((await job.feeds(step))["ema/share"]![0]).toBeCloseTo(share, 7);
  });

  it("starts the average where the student starts, trains it not, and measures it as a peer", () => {
    const job = meanTeacher(small);
    expect(valuesOf(job.initial, "ema/")).toEqual(initialize(build(small), 3));
    expect(job.program.parameters.map(({ name }) => name)).toEqual([
      "fc1.weight",
      "fc1.bias",
      "fc2.weight",
      "fc2.bias",
    ]);
    const [average] = job.peers!;
    expect(average).toMatchObject({ name: "ema", model: job.model });
    expect(average!.own(job.initial)).toEqual(valuesOf(job.initial, "ema/"));
  });

  it("gives the average running statistics of its own", async () => {
    const job = meanTeacher(resnet);
    const state = withAverage(job.initial, resnet);
    const { after } = await stepOf(job, state);
    expect(after["ema/bn1.running_mean"]).not.toEqual(state["ema/bn1.running_mean"]);
    expect(after["ema/bn1.running_mean"]).not.toEqual(after["bn1.running_mean"]);
    const parameters = job.program.parameters.map(({ name }) => name);
    const of = (values: ModelValues) => Object.fromEntries(parameters.map((name) => [name, values[name]!]));
    expectClose(of(valuesOf(after, "ema/")), averaged(of(valuesOf(state, "ema/")), of(valuesOf(after, "")), 1 / 2));
  });

  it("lets terms look inside of the average, which they do not change", async () => {
    const terms = [{ loss: "at", weight: 3, student: "stage2", teacher: "stage2" }, ...kdAndLabels(1)];
    const job = meanTeacher(resnet, {}, {}, terms);
    const state = withAverage(job.initial, resnet);
    const { report, after } = await stepOf(job, state);
    expect(report.at).toBeGreaterThan(0);
    const average = (values: ModelValues) => ({ "fc.weight": valuesOf(values, "ema/")["fc.weight"]! });
    expectClose(average(after), averaged(average(state), { "fc.weight": after["fc.weight"]! }, 1 / 2));
  });

  it("tells before anything is trained what terms cannot see, or do not train", () => {
    const at = { loss: "at", weight: 3, student: "stage2", teacher: "stage2" };
    const given = { model: build(resnet), split, train, options: {} };
    const check = (terms: DistillTerm[]) => wirings["mean-teacher"]!.check({ ...given, terms });
    const wrong = () => check([...kdAndLabels(1), { ...at, teacher: "stage9" }]);
    expect(wrong).toThrow(expect.objectContaining({ code: "TAP_UNKNOWN" }));
    expect(() => check([at])).toThrow(expect.objectContaining({ code: "RECIPE_INVALID", where: "distill" }));
    expect(() => check([at, ...kdAndLabels(1)])).not.toThrow();
  });

  it("shows the average a view of its own, unless told to share one", async () => {
    const augment = [{ name: "jitter", pixels: 2 }];
    const feeds = await meanTeacher(small, {}, { augment }).feeds(0);
    expect(feeds["ema/images"]).not.toEqual(feeds.images);
    const shared = await meanTeacher(small, { views: "shared" }, { augment }).feeds(0);
    expect(shared["ema/images"]).toBeUndefined();
    expect(shared.images).toEqual(feeds.images);
  });
});
