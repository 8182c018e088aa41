import { readFileSync } from "node:fs";
import { createGraph, gradients, ops, type Tensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { nearestErrors } from "../../src/evaluate/nearest.js";
import { bodyOf } from "../../src/models/body.js";
import type { ModelChoice } from "../../src/models/index.js";
import { initialize, type Model, type ModelValues, parameterCount } from "../../src/models/model.js";
import { projected } from "../../src/schemes/dino/head.js";
import { dinoObjective, nextCenter } from "../../src/schemes/dino/objective.js";
import { momentumAt, temperatureAt } from "../../src/schemes/dino/schedules.js";
import { wirings } from "../../src/schemes/index.js";
import type { TrainingJob } from "../../src/schemes/job.js";
import type { SchemeOptions } from "../../src/schemes/wiring.js";
import { dataset } from "./fixture.js";
import { afterSteps, build, expectClose, expectCloseNumbers, small, split, train, valuesOf } from "./steps.js";

interface ObjectiveCase {
  readonly studentTemperature: number;
  readonly teacherTemperature: number;
  readonly kept: number;
  readonly student: number[][];
  readonly teacher: number[][];
  readonly center: number[];
  readonly loss: number;
  readonly entropy: number;
  readonly gradients: number[][];
  readonly nextCenter: number[];
}

const golden: {
  readonly objectives: readonly ObjectiveCase[];
  readonly head: {
    readonly width: number;
    readonly sizes: { hidden: number; bottleneck: number; prototypes: number };
    readonly values: Readonly<Record<string, number[]>>;
    readonly features: number[];
    readonly weights: number[];
    readonly scores: number[];
    readonly gradients: Readonly<Record<string, number[]>>;
  };
} = JSON.parse(readFileSync(new URL("../golden/dino.json", import.meta.url), "utf8"));

const [BATCH, PROTOTYPES] = [3, 5];

/** Computes values of a graph of given numbers. */
async function compute(
  given: Readonly<Record<string, readonly [shape: readonly number[], values: readonly number[]]>>,
  of: (inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>,
): Promise<Record<string, Float32Array>> {
  const graph = createGraph();
  const inputs = Object.entries(given).map(([name, [shape]]) => [name, graph.input(name, "float32", shape)] as const);
  const outputs = of(Object.fromEntries(inputs));
  for (const [name, tensor] of Object.entries(outputs)) graph.output(name, tensor);
  const session = await nodeBackend.createSession(toOnnx(graph));
  const feeds = Object.entries(given).map(([name, [shape, values]]) => {
    return [name, nodeBackend.tensor("float32", Float32Array.from(values), shape)] as const;
  });
  const found = await session.run(Object.fromEntries(feeds), Object.keys(outputs));
  const values = Object.keys(outputs).map((name) => [name, (found[name]!.data as Float32Array).slice()] as const);
  await session.release();
  return Object.fromEntries(values);
}

describe("DINO's objective", () => {
  it.each(golden.objectives)("is PyTorch's, with $student.length views", async (given) => {
    const shape = [BATCH, PROTOTYPES];
    const named = (name: string, rows: number[][]) => rows.map((row, i) => [`${name}${i}`, [shape, row]] as const);
    const inputs = Object.fromEntries([...named("student", given.student), ...named("teacher", given.teacher)]);
    const found = await compute(
      { ...inputs, center: [[1, PROTOTYPES], given.center], t: [[], [given.teacherTemperature]] },
      (x) => {
        const student = given.student.map((_, i) => x[`student${i}`]!);
        const teacher = given.teacher.map((_, i) => x[`teacher${i}`]!);
        const { studentTemperature } = given;
        const scores = { student, teacher, center: x.center!, studentTemperature, teacherTemperature: x.t! };
        const { loss, entropy, kl } = dinoObjective(scores);
        const slopes = gradients(loss, student).map((slope, i) => [`gradient${i}`, slope] as const);
        return { loss, entropy, kl, next: nextCenter(x.center!, teacher, given.kept), ...Object.fromEntries(slopes) };
      },
    );
    expect(found.loss![0]).toBeCloseTo(given.loss, 5);
    expect(found.entropy![0]).toBeCloseTo(given.entropy, 5);
    expect(found.kl![0]).toBeCloseTo(given.loss - given.entropy, 5);
    expectCloseNumbers(found.next!, given.nextCenter, 6);
    for (const [i, slope] of given.gradients.entries()) expectCloseNumbers(found[`gradient${i}`]!, slope, 5);
  });

  it("reaches the teacher by no gradient", () => {
    const graph = createGraph();
    const [student, teacher] = ["s", "t"].map((name) => {
      return [0, 1].map((i) => graph.input(`${name}${i}`, "float32", [BATCH, PROTOTYPES]));
    });
    const center = graph.input("center", "float32", [1, PROTOTYPES]);
    const temperatures = { studentTemperature: 0.1, teacherTemperature: graph.input("t", "float32", []) };
    const { loss } = dinoObjective({ student: student!, teacher: teacher!, center, ...temperatures });
    expect(() => gradients(loss, teacher!)).toThrow(expect.objectContaining({ code: "PARAMETER_UNUSED" }));
  });
});

describe("DINO's projection head", () => {
  it("is PyTorch's", async () => {
    const { width, sizes, values, features, weights, scores, gradients: slopes } = golden.head;
    const none: Model = {
      family: "none",
      parameters: [],
      buffers: [],
      forward: (logits) => ({ logits, taps: {}, buffers: {} }),
    };
    const model = projected({ model: none, width }, sizes);
    const given = model.parameters.map(({ name, shape }) => [name, [shape, values[name]!]] as const);
    const shape = [BATCH, PROTOTYPES];
    const found = await compute(
      { ...Object.fromEntries(given), features: [[BATCH, width], features], weights: [shape, weights] },
      (x) => {
        const unused = model.buffers.map(({ name, shape }) => {
          return [name, x.features!.graph.constant("float32", shape, new Float32Array(sizes.hidden))] as const;
        });
        const { logits } = model.forward(x.features!, { ...x, ...Object.fromEntries(unused) }, true);
        const loss = ops.reduceSum(ops.mul(logits, x.weights!));
        const [byFeatures, byDirections] = gradients(loss, [x.features!, x["head.prototypes"]!]);
        return { scores: logits, byFeatures: byFeatures!, byDirections: byDirections! };
      },
    );
    expectCloseNumbers(found.scores!, scores, 5);
    expectCloseNumbers(found.byFeatures!, slopes.features!, 4);
    expectCloseNumbers(found.byDirections!, slopes["head.prototypes"]!, 4);
  });
});

describe("DINO's schedules", () => {
  it("move the average less and less", () => {
    expect(momentumAt(0, 0.996)).toBeCloseTo(0.996, 12);
    expect(momentumAt(0.5, 0.996)).toBeCloseTo(0.998, 12);
    expect(momentumAt(1, 0.996)).toBe(1);
  });

  it("warm the teacher up", () => {
    expect(temperatureAt(0, 0.04, 0.07, 0.3)).toBe(0.04);
    expect(temperatureAt(0.15, 0.04, 0.07, 0.3)).toBeCloseTo(0.055, 12);
    expect(temperatureAt(0.3, 0.04, 0.07, 0.3)).toBe(0.07);
    expect(temperatureAt(0, 0.04, 0.07, 0)).toBe(0.07);
  });
});

const resnet: ModelChoice = { family: "resnet", depth: 8, width: 0.25 };
const sizes = { epochs: 2, batchSize: 4, hidden: 8, bottleneck: 4, prototypes: 6, locals: 1 };

function given(choice: ModelChoice, options: object = {}): SchemeOptions {
  const terms = [{ loss: "cross-entropy", weight: 1, labelSmoothing: 0 }];
  return { model: build(choice), split, train, terms, seed: 3, options: { ...sizes, ...options } };
}

const pretraining = (choice: ModelChoice, options: object = {}) => wirings.dino!.pretraining!(given(choice, options));

const changed = (job: TrainingJob, after: ModelValues, name: string) =>
  job.initial[name]!.some((value, i) => value !== after[name]![i]);

describe("DINO without labels", () => {
  it("starts student and average alike, and trains the student alone", async () => {
    const { job, features, values } = pretraining(resnet);
    expect(valuesOf(job.initial, "ema/")).toEqual(Object.fromEntries(Object.entries(initialize(job.model, 3))));
    expect(job.program.parameters.map(({ name }) => name)).toEqual(job.model.parameters.map(({ name }) => name));
    expect(Object.keys(job.initial)).not.toContain("fc.weight");
    expect(features.parameters.map(({ name }) => name)).not.toContain("fc.weight");
    expect(values(job.initial)["conv1.weight"]).toEqual(job.initial["ema/conv1.weight"]);
  });

  it("feeds no labels, and views that all differ", async () => {
    const { job } = pretraining(resnet, { locals: 3 });
    const feeds = await job.feeds(0);
    expect(Object.keys(feeds).sort()).toEqual(["globals", "locals", "open", "share", "temperature"]);
    const all = [...(feeds.globals as Float32Array), ...(feeds.locals as Float32Array)];
    const views = Array.from({ length: 5 }, (_, i) => String(all.slice(i * 4 * 64, (i + 1) * 4 * 64)));
    expect(new Set(views).size).toBe(5);
  });

  it("keeps prototypes in the first epoch, and moves them in the second", async () => {
    const { job } = pretraining(small, { weightDecay: 0 });
    const first = await afterSteps(job, job.stepsPerEpoch);
    expect(changed(job, first.state as ModelValues, "head.prototypes")).toBe(false);
    expect(changed(job, first.state as ModelValues, "fc1.weight")).toBe(true);
    const second = await afterSteps(job, job.stepsPerEpoch * 2);
    expect(changed(job, second.state as ModelValues, "head.prototypes")).toBe(true);
  });

  it("moves the average by the share that it is fed, and its statistics by what it sees", async () => {
    const { job } = pretraining(resnet, { momentum: 0.9 });
    const { state } = await afterSteps(job, 1);
    const after = state as ModelValues;
    for (const { name } of job.model.parameters) {
      const [before, own, average] = [job.initial[name]!, after[name]!, after[`ema/${name}`]!];
      expectCloseNumbers(
        average,
        before.map((value, i) => value + 0.1 * (own[i]! - value)),
        6,
      );
    }
    expect(after["ema/bn1.running_mean"]).not.toEqual(job.initial["ema/bn1.running_mean"]);
    expect(after["ema/bn1.running_mean"]).not.toEqual(after["bn1.running_mean"]);
    expect(after.center!.some((value) => value !== 0)).toBe(true);
  });

  it("goes on from any step to the same numbers, and reports by what a collapse is seen", async () => {
    const { job } = pretraining(small);
    const whole = await afterSteps(job, 3);
    const part = await afterSteps(job, 1);
    const rest = await afterSteps(pretraining(small).job, 2, { step: 1, state: part.state });
    expect(rest.state).toEqual(whole.state);
    const [report] = whole.reports;
    expect(report!["teacher-entropy"]! + report!.kl!).toBeCloseTo(report!.loss!, 5);
    expect(report!["teacher-entropy"]).toBeLessThanOrEqual(Math.log(sizes.prototypes) + 1e-5);
  });

  it("refuses networks without a last linear layer to leave out", () => {
    const model: Model = { ...build(small), forward: (images) => ({ logits: images, taps: {}, buffers: {} }) };
    const check = () => wirings.dino!.check({ ...given(small), model });
    expect(check).toThrow(expect.objectContaining({ code: "MODEL_MISMATCH", where: "student.model" }));
  });
});

describe("DINO with labels", () => {
  const pretrained = (choice: ModelChoice) => {
    const { features } = pretraining(choice);
    return initialize(features, 99);
  };

  it("starts from the features, and draws the last layer as its baseline does", () => {
    const values = pretrained(resnet);
    const job = wirings.dino!.job({ ...given(resnet), pretrained: values });
    const drawn = initialize(build(resnet), 3);
    expect(job.initial).toEqual({ ...drawn, ...values });
  });

  it("trains the last layer alone where the rest is frozen, and leaves statistics as they are", async () => {
    const values = pretrained(resnet);
    const job = wirings.dino!.job({ ...given(resnet, { frozen: true }), pretrained: values });
    expect(job.program.parameters.map(({ name }) => name)).toEqual(["fc.weight", "fc.bias"]);
    const { state } = await afterSteps(job, 2);
    const statistics = job.model.buffers.map(({ name }) => name);
    const carried = Object.keys(state).filter((name) => !name.startsWith("slot/"));
    expect(carried.sort()).toEqual(["fc.bias", "fc.weight", ...statistics].sort());
    for (const name of statistics) expect(state[name]).toEqual(values[name]);
    expectClose(Object.fromEntries(Object.keys(values).map((name) => [name, job.initial[name]!])), values);
    expect(parameterCount(job.model)).toBe(parameterCount(build(resnet)));
  });
});

describe("a network's body", () => {
  it.each<ModelChoice>([small, resnet])("has all but the last layer ($family)", (choice) => {
    const whole = build(choice);
    const body = bodyOf(whole, dataset)!;
    const missing = whole.parameters.filter(({ name }) => !body.model.parameters.some((own) => own.name === name));
    expect(missing.map(({ shape }) => shape)).toEqual([[3, body.width], [3]]);
    const graph = createGraph();
    const images = graph.input("images", "float32", [2, 1, 8, 8]);
    const weights = body.model.parameters.concat(body.model.buffers).map(({ name, shape }) => {
      return [name, graph.parameter(name, "float32", shape)] as const;
    });
    expect(body.model.forward(images, Object.fromEntries(weights), false).logits.shape).toEqual([2, body.width]);
  });
});

describe("nearest neighbors", () => {
  const rows = (values: number[], labels: number[]) => {
    return { features: Float32Array.from(values), width: 2, labels: Uint8Array.from(labels) };
  };

  it("vote by cosine, whatever the lengths", () => {
    const known = rows([10, 0, 0, 1, 0.2, 0.1], [0, 1, 0]);
    expect(nearestErrors(known, rows([1, 0.1, 0, 5], [0, 1]), 2)).toBe(0);
    expect(nearestErrors(known, rows([1, 0.1, 0, 5], [1, 1]), 2)).toBe(1);
  });

  it("are twenty at most, and near ones count more than many", () => {
    const far = Array.from({ length: 30 }, () => [0, 1]).flat();
    const known = rows([1, 0, ...far], [0, ...Array.from({ length: 30 }, () => 1)]);
    expect(nearestErrors(known, rows([1, 0.05], [0]), 2)).toBe(0);
    expect(nearestErrors(known, rows([0, 1], [0]), 2)).toBe(1);
  });
});
