import { readFileSync } from "node:fs";
import { createGraph, gradients, ops, sizeOf, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import { declareTensors, initialize, type ModelValues } from "../../src/models/model.js";
import { dafl } from "../../src/recipe/schemes/dafl.js";
import type { GeneratorOptions } from "../../src/recipe/schemes/data-free.js";
import { dfad } from "../../src/recipe/schemes/dfad.js";
import { buildGenerator, GENERATOR } from "../../src/schemes/data-free/generator.js";
import type { ControlImages } from "../../src/schemes/data-free/images.js";
import { OBJECTIVES } from "../../src/schemes/data-free/objectives.js";
import { wirings } from "../../src/schemes/index.js";
import type { TrainingJob } from "../../src/schemes/job.js";
import { dataset, train } from "./fixture.js";
import { afterSteps as after, expectCloseNumbers } from "./steps.js";

interface GoldenValues {
  readonly [name: string]: { readonly shape: readonly number[]; readonly data: readonly number[] };
}

interface GoldenGenerator {
  readonly shape: readonly [number, number, number];
  readonly eps: number;
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
  readonly network: "maps" | "dense";
  readonly correlated?: { correlation: number[][]; timeCorrelation: number[][] };
  readonly latents: readonly number[];
  readonly before: GoldenValues;
  readonly after: GoldenValues;
  readonly training: readonly number[];
  readonly inference: readonly number[];
}

type Objective = keyof typeof OBJECTIVES;

const golden: {
  generators: GoldenGenerator[];
  objectives: Record<"features" | "weight" | "bias" | "student", number[]> & {
    values: Record<string, number>;
    gradients: Record<string, number[]>;
  };
  rounds: Record<"student" | "teacher" | "generator" | "studentAfter" | "generatorAfter", GoldenValues> & {
    latents: number[][];
    generatorLosses: number[];
  };
} = JSON.parse(readFileSync(new URL("../golden/data_free.json", import.meta.url), "utf8"));

function numbers(values: GoldenValues, prefix = ""): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [prefix + name, Float32Array.from(data)]));
}

describe.each(golden.generators)("the generator, $network, of $shape", (one) => {
  const [channels, height, width] = one.shape;
  const generator = buildGenerator(
    {
      width: 2,
      latent: 3,
      eps: one.eps,
      mean: one.mean,
      std: one.std,
      network: one.network,
      correlated: one.correlated,
    },
    { channels, height, width },
  );

  it.each(["training", "inference"] as const)("is PyTorch's, in %s", async (mode) => {
    const graph = createGraph();
    const latents = graph.input("latents", "float32", [4, 3]);
    const values = declareTensors(generator, graph);
    const { images, buffers } = generator.forward(latents, values, mode === "training");
    graph.output("made", images);
    for (const [name, next] of Object.entries(buffers)) graph.output(`next/${name}`, ops.identity(next));
    const session = await nodeBackend.createSession(toOnnx(graph));
    const given = { ...numbers(mode === "training" ? one.before : one.after), latents: Float32Array.from(one.latents) };
    const feeds = graph.inputs.map(({ name, shape }) => {
      return [name, nodeBackend.tensor("float32", given[name as keyof typeof given], shape)] as const;
    });
    const result = await session.run(Object.fromEntries(feeds));
    expectCloseNumbers(result.made!.data as Float32Array, one[mode]);
    for (const { name } of generator.buffers) {
      expectCloseNumbers(result[`next/${name}`]!.data as Float32Array, one.after[name]!.data);
    }
    await session.release();
  });
});

describe("what a generator is after", () => {
  const { features, weight, bias, student, values, gradients: expected } = golden.objectives;

  it.each(Object.keys(values))("%s is PyTorch's, with its gradient", async (name) => {
    const graph = createGraph();
    const read = graph.input("features", "float32", [5, 6]);
    const constant = (shape: number[], data: readonly number[]) => graph.constant("float32", shape, data);
    const teacher = ops.linear(read, constant([4, 6], weight), constant([4], bias));
    const [objective, difference] = name.split(" ") as [Objective, "kl" | "js" | undefined];
    const value = OBJECTIVES[objective](
      { images: read, teacher, student: constant([5, 4], student) },
      { difference: difference ?? "l1", normalization: "all" },
    );
    graph.output("value", value);
    graph.output("gradient", gradients(value, [read])[0]!);
    const session = await nodeBackend.createSession(toOnnx(graph));
    const result = await session.run({ features: nodeBackend.tensor("float32", Float32Array.from(features), [5, 6]) });
    expectCloseNumbers(result.value!.data as Float32Array, [values[name]!], 5);
    expectCloseNumbers(result.gradient!.data as Float32Array, expected[name]!, 5);
    await session.release();
  });
});

const split = wholeSplit(dataset);
const small = { width: 2, latent: 3, rounds: 3 };
const student = buildModel({ family: "mlp", hidden: [5] }, dataset, 3);
const teacherModel = buildModel({ family: "mlp", hidden: [7] }, dataset, 3);
const teacherValues = initialize(teacherModel, 9);

function jobOf(options: Partial<GeneratorOptions>, control?: ControlImages, record = dfad): TrainingJob {
  return wirings.dfad!.job({
    model: student,
    split,
    train,
    terms: record === dfad ? [{ loss: "logit-l1", weight: 1 }] : [{ loss: "kd", weight: 1, temperature: 1 }],
    seed: 3,
    liveTeacher: { model: teacherModel, values: teacherValues },
    options: record.options.parse({ ...small, ...options }) as object,
    control,
  });
}

const isGenerators = (name: string) => name.includes(GENERATOR);

describe("data-free distillation", () => {
  it("goes through rounds of DFAD as the authors' loop in PyTorch does", async () => {
    const { rounds } = golden;
    const perceptron = (hidden: number) => buildModel({ family: "mlp", hidden: [hidden] }, dataset, 3);
    const job = wirings.dfad!.job({
      model: perceptron(4),
      split: split,
      train: { ...train, learningRate: 0.05 },
      terms: [{ loss: "logit-l1", weight: 1 }],
      seed: 1,
      liveTeacher: { model: perceptron(7), values: numbers(rounds.teacher) as ModelValues },
      options: dfad.options.parse({ ...small, studentSteps: 2, generatorLearningRate: 0.01 }) as object,
    });
    const latents = (run: number) => ({ latents: Float32Array.from(rounds.latents[run]!) });
    const given: TrainingJob = {
      ...job,
      initial: { ...numbers(rounds.student), ...numbers(rounds.generator, GENERATOR) },
      feeds: async (step, repeat = 0) => latents(3 * step + repeat),
      turn: { ...job.turn!, feeds: async (step) => latents(3 * step + 2) },
    };
    const { state, reports } = await after(given, 2);
    expectCloseNumbers(
      reports.map(({ generator }) => generator!),
      rounds.generatorLosses,
    );
    const expected = { ...numbers(rounds.studentAfter), ...numbers(rounds.generatorAfter, GENERATOR) };
    for (const [name, values] of Object.entries(expected)) expectCloseNumbers(state[name] as Float32Array, values);
  });

  it("trains the student in its steps and the generator in its turn, and carries statistics through both", () => {
    const { program, turn } = jobOf({});
    expect(program.parameters.map(({ name }) => name).filter(isGenerators)).toEqual([]);
    expect(turn!.program.parameters.map(({ name }) => name).every(isGenerators)).toBe(true);
    expect(program.frozen.map(({ name }) => name).every(isGenerators)).toBe(true);
    expect(turn!.program.frozen.map(({ name }) => name)).toEqual(student.parameters.map(({ name }) => name));
    for (const { buffers } of [program, turn!.program]) {
      expect(buffers.map(({ name }) => name)).toContain("generator/bn4.running_mean");
    }
    const all = [...program.state, ...turn!.program.state].map(({ name }) => name);
    expect(all.filter((name) => name.includes("teacher"))).toEqual([]);
  });

  it("leaves the generator as it was in the student's steps, and the student in the generator's turn", async () => {
    const { turn: _, ...alone } = jobOf({});
    const taught = await after(alone, 2);
    expect(taught.state["fc1.weight"]).not.toEqual(alone.initial["fc1.weight"]);
    expect(Object.keys(taught.state).filter((name) => name.startsWith("generator/l1"))).toEqual([]);
    const job = jobOf({});
    const first = await after(job, 1);
    const own = await after(alone, 1);
    for (const { name } of student.parameters) expect(first.state[name]).toEqual(own.state[name]);
    expect(first.state["generator/l1.weight"]).not.toEqual(job.initial["generator/l1.weight"]);
  });

  it("teaches the generator through the teacher alone where it is not after differences", async () => {
    const job = jobOf({ activation: 0, entropy: 0, generatorLearningRate: 0.01 }, undefined, dafl);
    expect(job.turn!.program.frozen).toEqual([]);
    const { state, reports } = await after(job, 30);
    expect(state["generator/conv4.weight"]).not.toEqual(job.initial["generator/conv4.weight"]);
    expect(reports.at(-1)!["generator/oneHot"]).toBeLessThan(reports[0]!["generator/oneHot"]!);
  });

  it("leaves the teacher's numbers as they are", async () => {
    const before = structuredClone(teacherValues);
    await after(jobOf({}), 3);
    expect(teacherValues).toEqual(before);
  });

  it("goes on bit for bit from any step", async () => {
    const whole = await after(jobOf({}), 5);
    const half = await after(jobOf({}), 2);
    const rest = await after(jobOf({}), 3, half);
    expect(rest.step).toBe(5);
    expect(rest.state).toEqual(whole.state);
  });

  it("teaches controls as often, on noise or related images, without a generator", async () => {
    const noise = jobOf({ mean: [0.3], std: 0.1 }, { kind: "noise" });
    const related = jobOf({}, { kind: "related", split });
    for (const job of [noise, related]) {
      expect(job.turn).toBeUndefined();
      expect([job.repeats, job.stepsPerEpoch, job.epochs]).toEqual([5, 3, 1]);
      expect(Object.keys(job.initial).filter(isGenerators)).toEqual([]);
      const { state } = await after(job, 1);
      expect(state["fc1.weight"]).not.toEqual(job.initial["fc1.weight"]);
    }
    const drawn = async (job: TrainingJob, step: number, repeat: number) => [
      ...((await job.feeds(step, repeat)).images as Float32Array),
    ];
    const pixels = await drawn(noise, 0, 0);
    expect(pixels.reduce((a, b) => a + b) / pixels.length).toBeCloseTo(0.3, 1);
    expect(await drawn(noise, 0, 1)).not.toEqual(pixels);
    expect(await drawn(noise, 0, 0)).toEqual(pixels);
    const seen = [...(await drawn(related, 0, 0)), ...(await drawn(related, 0, 1))];
    expect(new Set(seen.map((value) => Math.round(value * 255)))).toEqual(new Set(dataset.pixels));
    expect(sizeOf([8, 64])).toBe(seen.length);
  });

  it.each([
    [{ mean: [0.1, 0.2] }, { code: "RECIPE_INVALID", where: "scheme.mean" }],
    [{ std: [0.1, 0.2, 0.3] }, { code: "RECIPE_INVALID", where: "scheme.std" }],
  ])("tells before anything is trained what does not fit: %o", (options, error) => {
    const check = () => wirings.dfad!.check({ ...graphOptions(options) });
    expect(check).toThrow(expect.objectContaining(error));
  });

  it("asks for activations only of a teacher that ends in a linear layer", () => {
    const strange = {
      ...teacherModel,
      forward: (...given: Parameters<typeof teacherModel.forward>) => {
        const result = teacherModel.forward(...given);
        return { ...result, logits: ops.logSoftmax(result.logits) };
      },
    };
    const options = { ...graphOptions({ activation: 1 }), liveTeacher: { model: strange } };
    expect(() => wirings.dfad!.check(options)).toThrow(expect.objectContaining({ code: "FEATURE_MISMATCH" }));
  });
});

function graphOptions(options: Partial<GeneratorOptions>) {
  return {
    model: student,
    split,
    train,
    terms: [{ loss: "logit-l1", weight: 1 }],
    liveTeacher: { model: teacherModel },
    options: dfad.options.parse({ ...small, ...options }) as object,
  };
}
