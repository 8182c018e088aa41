import { type Evaluation, type EvaluationEvent, evaluateModels, LimbeckError } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { patternModel, patternSamples } from "../evaluate/models.js";

const data = patternSamples(120);
const good = { onnx: patternModel(), name: "good" };
const blunt = { onnx: patternModel({ blunt: 1.2 }), name: "blunt" };
const quick = { data, resamples: 50, threads: 1, batch: 4 };

describe("evaluateModels", () => {
  let evaluation: Evaluation;
  const events: EvaluationEvent[] = [];
  beforeAll(async () => {
    evaluation = await evaluateModels({ ...quick, models: [good, blunt], onEvent: (event) => events.push(event) });
  });

  it("says what was asked, with what, and by what", () => {
    expect(evaluation).toMatchObject({
      format: 1,
      reference: "good",
      data: { source: "patterns", kind: "image", samples: 120, classes: ["a", "b", "c", "d"] },
      settings: { seed: 1, resamples: 50, threads: 1, batch: 4, skip: [] },
      environment: { node: process.version, onnxruntime: "1.30.0" },
    });
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
  });

  it("tells better from worse", () => {
    const [first, second] = evaluation.models;
    expect(first!.task.accuracy.value).toBeGreaterThan(second!.task.accuracy.value);
    expect(first!.comparison).toBeNull();
    const { churn, accuracyDifference, mcnemar } = second!.comparison!;
    expect(churn.forgotten).toBeGreaterThan(churn.learned);
    expect(churn.classes.reduce((sum, { forgotten }) => sum + forgotten, 0)).toBe(churn.forgotten);
    expect(accuracyDifference.high).toBeLessThan(0);
    expect(mcnemar.significant).toBe(true);
    for (const { index, label } of churn.worst) expect(data.labels[index]).toBe(label);
  });

  it("changes images as little as it says: the clean accuracy is the accuracy", () => {
    for (const { robustness, task } of evaluation.models) {
      expect(robustness!.samples).toBe(120);
      expect(robustness!.clean).toBe(task.accuracy.value);
      expect(robustness!.changes.map(({ name }) => name)).toEqual(["noise", "blur", "shift", "brightness", "contrast"]);
      const shifts = robustness!.changes[2]!.severities.map(({ accuracy }) => accuracy);
      expect(shifts[2]).toBeLessThan(robustness!.clean);
      const all = robustness!.changes.flatMap(({ severities }) => severities.map(({ accuracy }) => accuracy));
      expect(robustness!.mean).toBeCloseTo(all.reduce((a, b) => a + b) / 15, 12);
    }
  });

  it("counts what a model costs", () => {
    const { cost } = evaluation.models[0]!;
    expect(cost).toMatchObject({
      macs: 144,
      note: null,
      latency: [{ threads: 1 }],
      throughput: [{ threads: 1, batch: 4 }],
    });
    expect(cost!.parameters).toBeGreaterThanOrEqual(144);
    expect(cost!.latency[0]!.p95Ms).toBeGreaterThanOrEqual(cost!.latency[0]!.p50Ms);
    expect(cost!.gzipBytes).toBeLessThan(cost!.bytes);
    expect(cost!.peakMemoryBytes).toBeGreaterThan(20e6);
  });

  it("tells of its phases in order", () => {
    const [start, ...rest] = events;
    const phases = ["open", "answers-0", "answers-1", "statistics", "robustness", "cost-0", "cost-1"];
    expect(start!.type === "evaluation-start" && start!.phases.map(({ id }) => id)).toEqual(phases);
    const ends = rest.flatMap((event) => (event.type === "phase-end" ? [event.phase] : []));
    expect(ends).toEqual(phases);
  });

  it("gives the same again, and leaves out what is not wanted", async () => {
    const again = await evaluateModels({ ...quick, models: [good, blunt], skip: ["cost"] });
    const figures = ({ models }: Evaluation) => models.map(({ cost: _, ...rest }) => rest);
    expect(figures(again)).toEqual(figures(evaluation));
    const few = await evaluateModels({ ...quick, models: [good], skip: ["cost", "robustness"], samples: 40 });
    expect(few.models[0]).toMatchObject({ cost: null, robustness: null, comparison: null });
    expect(few.models[0]!.task.classes.map(({ samples }) => samples)).toEqual([10, 10, 10, 10]);
  });

  it("takes rows of numbers, whose images nobody changes", async () => {
    const { pixels, ...rest } = data;
    const columns = Array.from({ length: 36 }, (_, i) => `c${i}`);
    const rows = {
      ...rest,
      channels: 36,
      height: 1,
      width: 1,
      columns,
      pixels: Float32Array.from(pixels, (v) => v / 255),
    };
    const found = await evaluateModels({
      ...quick,
      data: rows,
      models: [patternModel({ input: "rows" })],
      skip: ["cost"],
    });
    expect(found.data.kind).toBe("row");
    expect(found.models[0]).toMatchObject({ robustness: null, task: evaluation.models[0]!.task });
  });

  it("another reference turns what was forgotten into what was learned", async () => {
    const turned = await evaluateModels({
      ...quick,
      models: [good, blunt],
      reference: "blunt",
      skip: ["cost", "robustness"],
    });
    const [before, after] = [evaluation.models[1]!.comparison!, turned.models[0]!.comparison!];
    expect([after.churn.forgotten, after.churn.learned]).toEqual([before.churn.learned, before.churn.forgotten]);
    expect(after.accuracyDifference.value).toBeCloseTo(-before.accuracyDifference.value, 12);
  });

  it.each([
    ["before anything", 0],
    ["in the middle", 3],
  ])("stops when it is told to, %s", async (_, after) => {
    const controller = new AbortController();
    let seen = 0;
    const onEvent = () => {
      if (seen++ >= after) controller.abort();
    };
    const stopped = evaluateModels({ ...quick, models: [good, blunt], signal: controller.signal, onEvent });
    await expect(stopped).rejects.toThrow(/abort/i);
  });
});

describe("names", () => {
  const namesOf = async (models: NonNullable<Parameters<typeof evaluateModels>[0]["models"]>) => {
    const found = await evaluateModels({ ...quick, models, skip: ["cost", "robustness"], resamples: 1 });
    return found.models.map(({ name }) => name);
  };

  it("are those of the files", async () => {
    const path = patternModel();
    const name = path.split("/").at(-1)!.replace(".onnx", "");
    expect(await namesOf([path, good])).toEqual([name, "good"]);
  });
});

describe("what cannot be evaluated", () => {
  const bad: readonly (readonly [string, object, string, RegExp])[] = [
    ["no model", { models: [] }, "OPTION_INVALID", /no model/],
    ["one name twice", { models: [good, good] }, "OPTION_INVALID", /two models are called good/],
    ["an unknown reference", { models: [good], reference: "goood" }, "OPTION_INVALID", /no model is called goood/],
    ["no draws", { models: [good], resamples: 0 }, "OPTION_INVALID", /resamples cannot be 0/],
    ["no batch", { models: [good], batch: 1.5 }, "OPTION_INVALID", /batch cannot be 1.5/],
    ["labels of no class", { models: [good], data: { ...data, classes: ["a", "b"] } }, "DATA_CORRUPT", /label/],
    ["too few pixels", { models: [good], data: { ...data, size: 121 } }, "DATA_CORRUPT", /do not fit/],
    [
      "a second model that does not fit",
      { models: [good, patternModel({ before: 1 })] },
      "MODEL_MISMATCH",
      /5 classes/,
    ],
  ];
  it.each(bad)("%s", async (_, options, code, message) => {
    const error = await evaluateModels({ ...quick, ...options }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LimbeckError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
