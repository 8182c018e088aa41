import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import type { GatedModel } from "../../src/models/gated.js";
import type { ModelChoice } from "../../src/models/index.js";
import { declareTensors, initialize, type ModelValues } from "../../src/models/model.js";
import { wirings } from "../../src/schemes/index.js";
import { dataset } from "./fixture.js";
import { build, expectClose, jobOf, kdAndLabels, offlineStep, small, softmax, split, stepOf, train } from "./steps.js";

const deep: ModelChoice = { family: "mlp", hidden: [6, 5] };
const [KD, LABELS] = kdAndLabels(3).map((term) => [term]);
/** The gate has to be reached by a gradient, even if that is zero. */
const WITHOUT_LABELS = [...KD!, { ...LABELS![0]!, weight: 0 }];

const oneOf = (terms = kdAndLabels(3), options: object = { branches: 2 }) => jobOf("one", deep, terms, options);
const wholeOf = (job: ReturnType<typeof oneOf>) => job.peers!.at(-1)!.model as GatedModel;

/** What all answer to samples in training, branches first, then the ensemble. */
async function answers(whole: GatedModel, values: ModelValues, samples: Uint32Array): Promise<Float32Array[]> {
  const graph = createGraph();
  const pixels = [...samples].flatMap((sample) => [...dataset.pixels.subarray(64 * sample, 64 * sample + 64)]);
  const scaled = pixels.map((pixel) => pixel / 255);
  const images = graph.constant("float32", [samples.length, 1, 8, 8], scaled);
  const { logits, taps } = whole.forward(images, declareTensors(whole, graph), true);
  const all = [...whole.branchLogits(taps), logits];
  for (const [i, tensor] of all.entries()) graph.output(`out/${i}`, ops.identity(tensor));
  const session = await nodeBackend.createSession(toOnnx(graph));
  const feeds = graph.inputs.map(({ name, shape }) => [name, nodeBackend.tensor("float32", values[name]!, shape)]);
  const results = await session.run(Object.fromEntries(feeds));
  return all.map((_, i) => results[`out/${i}`]!.data as Float32Array);
}

/** What a step changed. */
const moved = (after: ModelValues, before: ModelValues, name: string) =>
  after[name]!.map((value, i) => value - before[name]![i]!);

describe("ONE", () => {
  it("moves each branch as offline distillation from the ensemble would, the trunk by the sum, and the gate not", async () => {
    const job = oneOf(WITHOUT_LABELS);
    const whole = wholeOf(job);
    const { after } = await stepOf(job);
    const total: Record<string, Float32Array> = {};
    for (const branch of [1, 2]) {
      const prefix = branch === 1 ? "" : "branch2/";
      const whose = branch === 1 ? job.initial : whole.branchValues(2, job.initial);
      const own = Object.fromEntries(job.model.parameters.map(({ name }) => [name, whose[name]!]));
      const alone = await offlineStep(
        job.model,
        own,
        [],
        KD!,
        async (_, samples) => (await answers(whole, job.initial, samples)).at(-1)!,
      );
      for (const name of ["fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias"]) {
        expectClose({ [name]: after[`${prefix}${name}`]! }, { [name]: alone.after[name]! });
      }
      for (const name of ["fc1.weight", "fc1.bias"]) {
        const step = moved(alone.after, own, name);
        total[name] = step.map((value, i) => value + (total[name]?.[i] ?? 0));
      }
    }
    expectClose({ ...total }, Object.fromEntries(Object.keys(total).map((n) => [n, moved(after, job.initial, n)])));
    for (const name of ["gate.fc.weight", "gate.fc.bias", "gate.bn.weight"])
      expect(after[name]).toEqual(job.initial[name]);
  });

  it("asks every branch and the ensemble for labels, through which the gate learns", async () => {
    const job = oneOf(LABELS);
    const { after, report } = await stepOf(job);
    const { labels } = await job.feeds(0);
    const samples = job.program.feeds.find(({ name }) => name === "labels")!.shape[0]!;
    const order = samplesOf((await job.feeds(0)).images as Float32Array, samples);
    const all = await answers(wholeOf(job), job.initial, order);
    const errors = all.map((z) => {
      return (
        [...(labels as BigInt64Array)].reduce((sum, y, n) => sum - Math.log(softmax(z, 3 * n + Number(y))), 0) / samples
      );
    });
    expect(report["cross-entropy"]).toBeCloseTo(
      errors.reduce((a, b) => a + b),
      5,
    );
    expect(after["gate.fc.weight"]).not.toEqual(job.initial["gate.fc.weight"]);
    expect(after["gate.bn.running_mean"]).not.toEqual(job.initial["gate.bn.running_mean"]);
  });

  it("exports the first branch as the student, which starts as the baseline does, and measures the others", () => {
    const job = oneOf(undefined, {});
    expect(job.initial).toMatchObject(initialize(build(deep), 3));
    expect(job.peers!.map(({ name }) => name)).toEqual(["branch2", "branch3", "ensemble"]);
    const [second, third] = job.peers!;
    expect(second!.model).toBe(job.model);
    expect(second!.own(job.initial)["fc1.weight"]).toBe(job.initial["fc1.weight"]);
    expect(third!.own(job.initial)["fc3.weight"]).toBe(job.initial["branch3/fc3.weight"]);
    expect(second!.own(job.initial)["fc3.weight"]).not.toEqual(job.initial["fc3.weight"]);
  });

  it("needs a term on labels, without which nothing trains the gate", () => {
    const check = () => wirings.one!.check({ model: build(deep), split, train, terms: KD!, options: {} });
    expect(check).toThrow(expect.objectContaining({ code: "RECIPE_INVALID", value: "gate.fc.weight" }));
  });

  it("tells before anything is trained where it cannot part", () => {
    const options = { at: "relu3" };
    const check = () => wirings.one!.check({ model: build(small), split, train, terms: kdAndLabels(3), options });
    expect(check).toThrow(
      expect.objectContaining({ code: "TAP_UNKNOWN", where: "scheme.at", fix: "Use one of relu1." }),
    );
  });
});

/** Which samples the images of a batch are. */
function samplesOf(images: Float32Array, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, n) => {
    const image = images.subarray(64 * n, 64 * n + 64);
    return Array.from({ length: dataset.size }, (_, i) => i).find((i) =>
      image.every((value, p) => value === Math.fround(dataset.pixels[64 * i + p]! / 255)),
    )!;
  });
}
