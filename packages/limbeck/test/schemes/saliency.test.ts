import { createGraph, gradients, ops, sizeOf, TrainingSession, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { declareTensors, initialize, tensorsOf } from "../../src/models/model.js";
import type { OptimizerChoice } from "../../src/recipe/schema.js";
import { offlineJob } from "../../src/schemes/offline.js";
import { saliencyOf } from "../../src/schemes/saliency.js";
import { dataset, train } from "./fixture.js";

const ADAM: OptimizerChoice = { name: "adam", betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };
const SHAPE = [2, 1, 8, 8];

/** Saliency of a network that is its own teacher, at some images. */
async function saliencyAt(choice: ModelChoice, training: boolean, images: Float32Array) {
  const model = buildModel(choice, dataset, 3);
  const graph = createGraph();
  const input = graph.input("images", "float32", SHAPE);
  const weights = declareTensors(model, graph);
  const { logits } = model.forward(input, weights, training);
  const { student, teacher } = saliencyOf(input, logits, logits);
  graph.output("student", student);
  graph.output("teacher", teacher);
  graph.output("top", ops.reduceSum(ops.reduceMax(logits, { axes: [1] })));
  const session = await nodeBackend.createSession(toOnnx(graph), { threads: 1 });
  const values = initialize(model, 3);
  const tensors = tensorsOf(model).map(({ name, shape }) => [
    name,
    nodeBackend.tensor("float32", values[name]!, shape),
  ]);
  const all = { ...Object.fromEntries(tensors), images: nodeBackend.tensor("float32", images, SHAPE) };
  const results = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, all[name]])));
  await session.release();
  const numbers = (name: string) => Array.from(results[name]!.data as Float32Array);
  return { student: numbers("student"), teacher: numbers("teacher"), top: numbers("top")[0]! };
}

const image = Float32Array.from({ length: sizeOf(SHAPE) }, (_, i) => ((i * 37) % 101) / 101);

describe("saliency", () => {
  it("is the slope of the most probable answers by the pixels", async () => {
    const choice: ModelChoice = { family: "vit", dim: 16, depth: 1, heads: 2, patch: 4 };
    const { student, teacher } = await saliencyAt(choice, false, image);
    const step = 1e-2;
    const direction = image.map((_, i) => Math.sin(i));
    const moved = (sign: number) => image.map((x, i) => x + sign * step * direction[i]!);
    const [up, down] = [await saliencyAt(choice, false, moved(1)), await saliencyAt(choice, false, moved(-1))];
    const slope = direction.reduce((sum, d, i) => sum + d * student[i]!, 0);
    expect((up.top - down.top) / (2 * step)).toBeCloseTo(slope, 2);
    for (const [i, value] of teacher.entries()) expect(value).toBeCloseTo(student[i]!, 5);
  });

  it.each<[ModelChoice]>([
    [{ family: "mlp", hidden: [6] }],
    [{ family: "vgg", depth: 8, width: 0.05 }],
    [{ family: "resnet", depth: 8, width: 0.25 }],
    [{ family: "mobilenetv2", width: 0.1 }],
    [{ family: "mobilenetv3", size: "small", width: 0.1 }],
    [{ family: "vit", dim: 16, depth: 1, heads: 2, patch: 4 }],
  ])("can be trained: %o", (choice) => {
    const model = buildModel(choice, dataset, 3);
    const graph = createGraph();
    const images = graph.input("images", "float32", SHAPE);
    const weights = declareTensors(model, graph);
    const { logits } = model.forward(images, weights, true);
    const { student } = saliencyOf(images, logits, logits);
    const loss = ops.reduceSum(ops.mul(student, student));
    const first = weights[model.parameters.find(({ name }) => name.endsWith("weight"))!.name]!;
    expect(gradients(loss, [first])[0]!.shape).toEqual(first.shape);
  });

  it("of a student comes to resemble that of its teacher", async () => {
    const resnet = (width: number) => buildModel({ family: "resnet", depth: 8, width }, dataset, 3);
    const teacher = resnet(0.5);
    const job = offlineJob({
      model: resnet(0.25),
      split: wholeSplit(dataset),
      seed: 3,
      train: { ...train, epochs: 20, optimizer: ADAM },
      terms: [
        { loss: "saliency", weight: 1, map: "magnitude" },
        { loss: "kd", weight: 1, temperature: 1 },
      ],
      liveTeacher: { model: teacher, values: initialize(teacher, 7) },
    });
    const session = await TrainingSession.create(job.program, nodeBackend, { seed: 3, state: job.initial, threads: 1 });
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) losses.push((await session.run(await job.feeds(step), 0.01)).saliency!);
    await session.release();
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });
});
