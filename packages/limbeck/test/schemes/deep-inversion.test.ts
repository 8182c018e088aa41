import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, type Graph, gradients, type Tensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { beforeAll, describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel } from "../../src/models/index.js";
import type { Model } from "../../src/models/model.js";
import { deepInversion, type InversionOptions } from "../../src/recipe/schemes/deep-inversion.js";
import { dfad } from "../../src/recipe/schemes/dfad.js";
import { finishedSlots } from "../../src/schemes/data-free/memory.js";
import { l2Norm, totalVariation } from "../../src/schemes/data-free/priors.js";
import { normalizedValues, statisticsLoss } from "../../src/schemes/data-free/statistics.js";
import { wirings } from "../../src/schemes/index.js";
import type { TrainingJob } from "../../src/schemes/job.js";
import { openOnnxTeacher } from "../../src/teachers/onnx/teacher.js";
import { temporaryFolder } from "../runs/harness.js";
import { dataset, train } from "./fixture.js";
import { afterSteps as after, expectCloseNumbers } from "./steps.js";

interface GoldenValue {
  readonly value: number;
  readonly gradient: readonly number[];
}

type FileName = "kept" | "renamed" | "folded" | "partly";

const golden: {
  readonly files: Readonly<Record<FileName, string>>;
  readonly priors: { readonly images: number[]; readonly totalVariation: GoldenValue; readonly l2: GoldenValue };
  readonly statistics: GoldenValue & { readonly images: number[] };
  readonly batches: { readonly noise: number[][]; readonly kept: number[][]; readonly losses: number[] };
} = JSON.parse(readFileSync(new URL("../golden/inversion.json", import.meta.url), "utf8"));

const folder = temporaryFolder();
const split = wholeSplit(dataset);
const student = buildModel({ family: "mlp", hidden: [5] }, dataset, 3);
const teachers = {} as Record<FileName, Model>;

beforeAll(async () => {
  for (const [name, file] of Object.entries(golden.files)) {
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, Buffer.from(file, "base64"));
    teachers[name as FileName] = (await openOnnxTeacher({ onnx: path }, dataset, 3, [train.batchSize])).model;
  }
});

/** A value of images and its gradient, compared with PyTorch's. */
async function expectGolden(
  shape: readonly number[],
  images: readonly number[],
  of: (images: Tensor, graph: Graph) => Tensor,
  { value, gradient }: GoldenValue,
) {
  const graph = createGraph();
  const input = graph.input("images", "float32", shape);
  const computed = of(input, graph);
  graph.output("value", computed);
  graph.output("gradient", gradients(computed, [input])[0]!);
  const session = await nodeBackend.createSession(toOnnx(graph));
  const result = await session.run({ images: nodeBackend.tensor("float32", Float32Array.from(images), shape) });
  await session.release();
  expectCloseNumbers(result.value!.data as Float32Array, [value], 4);
  expectCloseNumbers(result.gradient!.data as Float32Array, gradient, 5);
}

describe("what images are made for", () => {
  const { priors, statistics } = golden;

  it("total variation and l2 are PyTorch's, with their gradients", async () => {
    await expectGolden([3, 2, 5, 4], priors.images, totalVariation, priors.totalVariation);
    await expectGolden([3, 2, 5, 4], priors.images, l2Norm, priors.l2);
  });

  it("has a gradient of zero where nothing differs", async () => {
    const images = new Array<number>(120).fill(0);
    const nothing = { value: 0, gradient: images };
    await expectGolden([3, 2, 5, 4], images, l2Norm, nothing);
    await expectGolden([3, 2, 5, 4], images, totalVariation, nothing);
  });

  it.each(["kept", "renamed"] as const)("statistics are PyTorch's, of a file that is %s", async (name) => {
    const loss = (images: Tensor) => {
      const values = normalizedValues(images, teachers[name].forward(images, {}, false).logits);
      expect(values.map(({ mean }) => mean.shape)).toEqual([[3], [4]]);
      return statisticsLoss(values);
    };
    await expectGolden([4, 1, 8, 8], statistics.images, loss, statistics);
  });
});

const plain = { iterations: 3, memory: 3, rounds: 6, jitter: 0, totalVariation: 0, clip: false, mean: 0.4, std: 0.2 };

function given(options: Partial<InversionOptions> = {}, teacher: FileName = "kept") {
  return {
    model: student,
    split,
    train,
    terms: [{ loss: "kd", weight: 1, temperature: 1 }],
    seed: 3,
    liveTeacher: { model: teachers[teacher] },
    options: deepInversion.options.parse({ ...plain, ...options }) as object,
  };
}

const jobOf = (options: Partial<InversionOptions> = {}) => wirings["deep-inversion"]!.job(given(options));

describe("deep inversion", () => {
  it("makes one batch after the other as a loop in PyTorch does, and keeps them", async () => {
    const { noise, kept, losses } = golden.batches;
    const job = jobOf({ statistics: 0.5, totalVariation: 0.01, l2: 0.02 });
    const [first, second] = noise.map((numbers) => Float32Array.from(numbers));
    const replayed: TrainingJob = {
      ...job,
      initial: { ...job.initial, "inversion/images": first! },
      turn: { ...job.turn!, feeds: async (step) => ({ ...(await job.turn!.feeds(step)), fresh: second! }) },
    };
    const { state, reports } = await after(replayed, 6);
    expectCloseNumbers(
      reports.map(({ images }) => images!),
      losses,
      4,
    );
    const memory = state["inversion/memory"] as Float32Array;
    expectCloseNumbers(memory.subarray(0, 512), kept.flat(), 4);
    expect(memory.subarray(512).every((value) => value === 0)).toBe(true);
  });

  it("trains pixels in its turn and the student in its steps, and neither in the other's", () => {
    const { program, turn } = jobOf();
    expect(turn!.program.parameters.map(({ name }) => name)).toEqual(["inversion/images"]);
    expect(turn!.program.rowBuffers.map(({ name }) => name)).toEqual(["inversion/memory"]);
    expect(turn!.program.frozen).toEqual([]);
    expect(program.parameters.map(({ name }) => name)).toEqual(student.parameters.map(({ name }) => name));
    expect(program.frozen.map(({ name }) => name)).toEqual(["inversion/memory"]);
    const competing = jobOf({ adversarial: 1 }).turn!.program;
    expect(competing.parameters.map(({ name }) => name)).toEqual(["inversion/images"]);
    expect(competing.frozen.map(({ name }) => name)).toEqual(student.parameters.map(({ name }) => name));
  });

  it("does not change a byte of the teacher", async () => {
    const path = join(folder, "kept.onnx");
    const numbers = () => {
      const images = createGraph().input("images", "float32", [4, 1, 8, 8]);
      const { nodes } = teachers.kept.forward(images, {}, false).logits.graph;
      const given = nodes.flatMap(({ inputs }) => inputs.map((input) => input?.source));
      return given.flatMap((source) => (source?.kind === "constant" ? [[...source.data]] : []));
    };
    const before = numbers();
    await after(jobOf({ adversarial: 1, jitter: 1, flip: true }), 4);
    expect(numbers()).toEqual(before);
    expect(readFileSync(path).toString("base64")).toBe(golden.files.kept);
  });

  it("goes on bit for bit from any step, also within a batch and where the oldest makes room", async () => {
    const options = { memory: 2, adversarial: 1, jitter: 2, flip: true, studentSteps: 2 };
    const whole = await after(jobOf(options), 8);
    const part = await after(jobOf(options), 4);
    const rest = await after(jobOf(options), 4, part);
    expect(rest.step).toBe(8);
    expect(rest.state).toEqual(whole.state);
  });

  it("teaches from finished batches alone, but for the first", () => {
    const slots = (step: number) => finishedSlots(step, { iterations: 10, memory: 3 });
    expect([0, 9, 10, 25, 30, 31, 40, 45].map(slots)).toEqual([
      ...[[0], [0], [0], [0, 1], [0, 1, 2], [1, 2], [0, 1, 2], [0, 2]],
    ]);
  });

  it("cuts pixels off at black and white", async () => {
    const { state } = await after(jobOf({ clip: true, mean: [0.1], std: [0.5] }), 3);
    const pixels = (state["inversion/images"] as Float32Array).map((value) => 0.1 + 0.5 * value);
    const [low, high] = [pixels.reduce((a, b) => Math.min(a, b)), pixels.reduce((a, b) => Math.max(a, b))];
    expectCloseNumbers([low, high], [0, 1], 5);
  });

  it("shifts and mirrors as a step says", async () => {
    const views = jobOf({ jitter: 1, flip: true });
    const seen = new Set<string>();
    for (let step = 0; step < 24; step++) {
      const { fromRows, fromColumns } = await views.turn!.feeds(step);
      for (const places of [fromRows, fromColumns]) expect(new Set(places)).toHaveLength(8);
      seen.add(String([fromRows![0], fromColumns![0], fromColumns![1]]));
    }
    expect(seen.size).toBeGreaterThan(9);
    expect(Object.keys(await jobOf().turn!.feeds(0))).not.toContain("fromRows");
  });

  it("says what is gone of a teacher, what that means and what to do, unless it is told to go on", () => {
    const check = (options: Partial<InversionOptions>, teacher: FileName) => () =>
      wirings["deep-inversion"]!.check(given(options, teacher));
    expect(check({}, "folded")).toThrow(
      expect.objectContaining({
        code: "TEACHER_MISMATCH",
        where: "scheme.statistics",
        message: expect.stringMatching(/no BatchNormalization node.*statistics of its training images are gone/),
        fix: expect.stringMatching(/TrainingMode\.PRESERVE.*statistics: 0.*dfad or dafl/),
      }),
    );
    expect(check({}, "partly")).toThrow(
      expect.objectContaining({
        code: "TEACHER_MISMATCH",
        where: "scheme.normalization",
        message: expect.stringMatching(/has 1 BatchNormalization nodes, but 1 of its convolutions/),
      }),
    );
    for (const [options, teacher] of [
      [{ statistics: 0 }, "folded"],
      [{ normalization: "found" }, "partly"],
      [{}, "renamed"],
    ] as const) {
      expect(check(options, teacher)).not.toThrow();
    }
    expect(check({ iterations: 7 }, "kept")).toThrow(
      expect.objectContaining({ code: "RECIPE_INVALID", where: "scheme.iterations" }),
    );
  });

  it("lends its statistics to generators, whose own normalizations do not count", async () => {
    const { statistics: _, ...rest } = given();
    const options = dfad.options.parse({ width: 2, latent: 3, rounds: 3, statistics: 1 }) as object;
    const job = wirings.dfad!.job({ ...rest, options });
    const { reports } = await after(job, 1);
    expect(reports[0]!["generator/statistics"]).toBeGreaterThan(0);
    expect(() => wirings.dfad!.check({ ...given({}, "folded"), options })).toThrow(/no BatchNormalization node/);
  });
});
