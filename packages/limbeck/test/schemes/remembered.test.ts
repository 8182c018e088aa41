import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  adam,
  compileTraining,
  createGraph,
  gradients,
  ops,
  type Tensor,
  TrainingSession,
  toOnnx,
} from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { beforeAll, describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import type { Model } from "../../src/models/model.js";
import { cmi } from "../../src/recipe/schemes/cmi.js";
import { fastDfkd } from "../../src/recipe/schemes/fast-dfkd.js";
import type { RememberingOptions } from "../../src/recipe/schemes/generated-memory.js";
import { contrastLoss, project } from "../../src/schemes/data-free/contrast.js";
import { detailFeeds, details } from "../../src/schemes/data-free/details.js";
import { metaLearned } from "../../src/schemes/data-free/meta-learned.js";
import { OBJECTIVES } from "../../src/schemes/data-free/objectives.js";
import { wirings } from "../../src/schemes/index.js";
import { openOnnxTeacher } from "../../src/teachers/onnx/teacher.js";
import { temporaryFolder } from "../runs/harness.js";
import { dataset, train } from "./fixture.js";
import { afterSteps as after, expectCloseNumbers } from "./steps.js";

type Numbers = readonly number[];
type Named = Readonly<Record<string, Numbers>>;

interface Contrast {
  readonly isKept: Numbers;
  readonly value: number;
  readonly gradients: Named;
  readonly weights: Named;
  readonly sights: Named;
}

const golden: {
  readonly contrast: readonly [Contrast, Contrast];
  readonly agreed: Readonly<Record<"student" | "teacher" | "gradient", Numbers>> & { readonly value: number };
  readonly meta: { readonly first: Numbers; readonly targets: Numbers[]; readonly values: Numbers[] };
} = JSON.parse(readFileSync(new URL("../golden/remembered.json", import.meta.url), "utf8"));

/** Values of a graph of inputs, and gradients of the first one. */
async function compute(
  inputs: Readonly<Record<string, readonly [shape: Numbers, values: ArrayLike<number>]>>,
  of: (given: Readonly<Record<string, Tensor>>) => Tensor,
  wanted: readonly string[] = [],
) {
  const graph = createGraph();
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, [shape]]) => [name, graph.input(name, "float32", shape)]),
  );
  const value = of(given);
  graph.output("value", value);
  const found =
    wanted.length > 0
      ? gradients(
          value,
          wanted.map((name) => given[name]!),
        )
      : [];
  wanted.forEach((name, i) => {
    graph.output(`gradient/${name}`, found[i]!);
  });
  const session = await nodeBackend.createSession(toOnnx(graph));
  const fed = Object.entries(inputs).map(([name, [shape, values]]) => [
    name,
    nodeBackend.tensor("float32", Float32Array.from(values), shape),
  ]);
  const result = await session.run(Object.fromEntries(fed));
  await session.release();
  return (name: string) => result[name]!.data as Float32Array;
}

describe("what images of a memory are made for", () => {
  it.each(["among kept ones", "alone"])(
    "contrast is PyTorch's %s, with gradients of detached wholes",
    async (which) => {
      const { isKept, value, gradients: expected, weights, sights } = golden.contrast[which === "alone" ? 1 : 0];
      const shapes: Named = {
        ...{ local: [4, 6], whole: [4, 6], keptLocal: [5, 6], keptWhole: [5, 6], isKept: [5] },
        ...{ "head.0.weight": [6, 6], "head.0.bias": [6], "head.2.weight": [3, 6], "head.2.bias": [3] },
      };
      const inputs = Object.fromEntries(
        Object.entries({ ...sights, ...weights, isKept }).map(([name, values]) => [
          name,
          [shapes[name]!, values] as const,
        ]),
      );
      const loss = (given: Readonly<Record<string, Tensor>>) => {
        const to = (name: string) => project(given[name]!, given);
        const views = {
          local: to("local"),
          whole: to("whole"),
          keptLocal: to("keptLocal"),
          keptWhole: to("keptWhole"),
        };
        return contrastLoss({ ...views, isKept: given.isKept! }, 0.1);
      };
      const result = await compute(inputs, loss, Object.keys(expected));
      expectCloseNumbers(result("value"), [value]);
      for (const [name, gradient] of Object.entries(expected))
        expectCloseNumbers(result(`gradient/${name}`), gradient, 3);
    },
  );

  it("differences of one opinion are PyTorch's", async () => {
    const { student, teacher, value, gradient } = golden.agreed;
    const result = await compute(
      { student: [[6, 4], student], teacher: [[6, 4], teacher] },
      (given) =>
        ops.neg(
          OBJECTIVES.adversarial(
            { images: given.student!, student: given.student!, teacher: given.teacher! },
            { difference: "agreed-kl", normalization: "all" },
          ),
        ),
      ["student"],
    );
    expectCloseNumbers(result("value"), [value]);
    expectCloseNumbers(result("gradient/student"), gradient);
  });

  it("details are parts of images, enlarged, and never anything else", async () => {
    const draw = detailFeeds({ height: 8, width: 6 }, 3);
    const streams = [0.5, 0.1, 0.9, 0.3];
    let at = 0;
    const { detailRows, detailColumns } = draw({
      int32: () => 0,
      below: () => 0,
      uniform: () => streams[at++ % 4]!,
    });
    const ramp = Float32Array.from({ length: 144 }, (_, i) => i % 48);
    const result = await compute(
      {
        images: [[3, 1, 8, 6], ramp],
        detailRows: [[3, 1, 8, 8], detailRows],
        detailColumns: [[3, 1, 6, 6], detailColumns],
      },
      (given) => ops.matmul(ops.matmul(given.detailRows!, given.images!), given.detailColumns!),
    );
    const made = result("value");
    // A ramp's detail is a ramp again, and each of its rows and columns is a mean: weights of a pixel add up to 1.
    for (let i = 0; i < 24; i++) {
      const weights = detailRows.subarray(i * 8, (i + 1) * 8);
      expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
    expect(Math.min(...made)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...made)).toBeLessThanOrEqual(47);
    expect(made[1]).toBeGreaterThan(made[0]!);
    expect(made[6]).toBeGreaterThan(made[0]!);
    expect(() => details(createGraph().input("images", "float32", [3, 1, 8, 6]))).not.toThrow();
  });

  it("meta-learning is that of a loop in PyTorch", async () => {
    const { first, targets, values } = golden.meta;
    const graph = createGraph();
    const parameter = graph.parameter("x", "float32", [3]);
    const gap = ops.sub(parameter, graph.input("target", "float32", [3]));
    const iteration = graph.input("iteration", "float32", []);
    const optimizer = metaLearned(adam({ betas: [0.5, 0.999] }), {
      every: 2,
      isFirst: ops.equal(iteration, 0),
      isLast: ops.equal(iteration, 1),
      rate: 2,
    });
    const program = compileTraining({ loss: ops.reduceSum(ops.mul(gap, gap)), optimizer });
    const session = await TrainingSession.create(program, nodeBackend, {
      seed: 1,
      state: { x: Float32Array.from(first) },
    });
    for (const [step, expected] of values.entries()) {
      const target = Float32Array.from(targets[Math.floor(step / 2)]!);
      await session.run({ target, iteration: Float32Array.of(step % 2) }, 0.05);
      expectCloseNumbers(session.state().x as Float32Array, expected, 5);
    }
    await session.release();
  });
});

const folder = temporaryFolder();
const split = wholeSplit(dataset);
const student = buildModel({ family: "mlp", hidden: [5] }, dataset, 3);
const file = JSON.parse(readFileSync(new URL("../golden/inversion.json", import.meta.url), "utf8")).files
  .kept as string;
const path = join(folder, "kept.onnx");
let teacher: Model;

beforeAll(async () => {
  writeFileSync(path, Buffer.from(file, "base64"));
  teacher = (await openOnnxTeacher({ onnx: path }, dataset, 3, [train.batchSize])).model;
});

const small = { iterations: 3, memory: 2, rounds: 6, width: 2, latent: 4, studentSteps: 2, mean: 0.4, std: 0.2 };

function given(record: typeof cmi, options: Partial<RememberingOptions> = {}) {
  return {
    model: student,
    split,
    train,
    terms: [{ loss: "kd", weight: 1, temperature: 1 }],
    seed: 3,
    liveTeacher: { model: teacher },
    options: record.options.parse({ ...small, ...options }) as object,
  };
}

const jobOf = (record: typeof cmi, options: Partial<RememberingOptions> = {}) =>
  wirings[record.name]!.job(given(record, options));

const names = (tensors: readonly { readonly name: string }[]) => tensors.map(({ name }) => name);

describe.each([cmi, fastDfkd])("$name", (record) => {
  it("trains generator and latents in its turn and the student in its steps, and neither in the other's", () => {
    const { program, turn } = jobOf(record);
    const trained = names(turn!.program.parameters);
    expect(trained).toContain("generator/l1.weight");
    expect(trained).toContain("inversion/latents");
    expect(trained.filter((name) => name.startsWith("contrast/"))).toHaveLength(record === cmi ? 4 : 0);
    expect(trained.every((name) => /^(generator|inversion|contrast)\//.test(name))).toBe(true);
    expect(names(turn!.program.frozen)).toEqual(names(student.parameters));
    expect(names(program.parameters)).toEqual(names(student.parameters));
    expect(names(program.frozen)).toEqual(["inversion/memory"]);
    expect(names(jobOf(record, { adversarial: 0 }).turn!.program.frozen)).toEqual([]);
  });

  it("moves all that it trains within a batch, and keeps the student out of it", async () => {
    const job = jobOf(record);
    const { state } = await after(job, 2);
    for (const { name } of job.turn!.program.parameters) expect(state[name], name).not.toEqual(job.initial[name]);
    const alone = await after({ ...jobOf(record), repeats: 1 }, 1);
    const others = await after({ ...jobOf(record, { oneHot: 9 }), repeats: 1 }, 1);
    for (const { name } of student.parameters) expect(alone.state[name]).toEqual(others.state[name]);
  });

  it("begins each batch anew: latents are drawn, and the generator is drawn or learned", async () => {
    const job = jobOf(record);
    const [before, at] = [await after(job, 2), await after(job, 3)];
    const fed = await job.turn!.feeds(2);
    expect(at.state["inversion/latents"]).toEqual(fed["fresh/inversion/latents"]);
    const weight = at.state["generator/l1.weight"] as Float32Array;
    if (record === cmi) expect(weight).toEqual(fed["fresh/generator/l1.weight"]);
    else expect(fed["fresh/generator/l1.weight"]).toBeUndefined();
    const change = (from: ArrayLike<number>) =>
      weight.reduce((sum, w, i) => sum + Math.abs(w - from[i]!), 0) / weight.length;
    // A learned beginning is one step of the whole batch's size away from the last beginning; a drawn one is anywhere.
    const limit = 3 * 0.005 * 1.01;
    if (record === cmi) expect(change(before.state["generator/l1.weight"] as Float32Array)).toBeGreaterThan(limit);
    else expect(change(job.initial["generator/l1.weight"]!)).toBeLessThan(limit);
    const slots = Object.entries(at.state).filter(([name]) => /^slot\/exp_avg\/(generator|inversion)/.test(name));
    expect(slots.length).toBeGreaterThan(0);
    for (const [name, slot] of slots)
      expect(
        Array.from(slot as Float32Array).every((x) => x === 0),
        name,
      ).toBe(true);
  });

  it("goes on bit for bit from any step, also within a batch and where the oldest makes room", async () => {
    const options = { adversarial: 1, jitter: 1, flip: true, negatives: 6 };
    const whole = await after(jobOf(record, options), 11);
    for (const stop of [4, 9]) {
      const part = await after(jobOf(record, options), stop);
      const rest = await after(jobOf(record, options), 11 - stop, part);
      expect(rest.state).toEqual(whole.state);
    }
  });

  it("does not change a byte of the teacher", async () => {
    const numbers = () => {
      const images = createGraph().input("images", "float32", [4, 1, 8, 8]);
      const { nodes } = teacher.forward(images, {}, false).logits.graph;
      const sources = nodes.flatMap(({ inputs }) => inputs.map((input) => input?.source));
      return sources.flatMap((source) => (source?.kind === "constant" ? [[...source.data]] : []));
    };
    const before = numbers();
    await after(jobOf(record, { contrast: 1 }), 4);
    expect(numbers()).toEqual(before);
    expect(readFileSync(path).toString("base64")).toBe(file);
  });

  it("is refused where no batch is finished", () => {
    expect(() => wirings[record.name]!.check(given(record, { iterations: 7 }))).toThrow(
      expect.objectContaining({ code: "RECIPE_INVALID", where: "scheme.iterations" }),
    );
    expect(() => wirings[record.name]!.check(given(record))).not.toThrow();
  });
});

it("contrast tells images apart from finished batches alone, and from none in the first", async () => {
  const job = jobOf(cmi, { negatives: 6 });
  const kept = async (step: number) => {
    const { others, isKept } = await job.turn!.feeds(step);
    return Array.from(isKept as Float32Array).flatMap((isThere, i) => (isThere ? [Number(others![i])] : []));
  };
  expect(await kept(2)).toEqual([]);
  expect((await kept(4)).sort()).toEqual([0, 1, 2, 3]);
  const second = await kept(6);
  expect(new Set(second).size).toBe(6);
  expect((await kept(7)).every((row) => row >= 4)).toBe(true);
});
