import { availableParallelism } from "node:os";
import { compileTraining, createGraph, ops, sgd, type TrainingProgram, TrainingSession } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { batchAt, parametersOf } from "../problems/problem.js";
import type { Trainer } from "../process/trainer.js";
import type { Problem } from "../row.js";
import { about } from "./about.js";
import { distillationLoss } from "./loss.js";

/** Our training step of the multi-layer perceptron. */
export async function start(problem: Problem): Promise<Trainer> {
  const threads = availableParallelism();
  const state = Object.fromEntries(Object.entries(parametersOf(problem)).map(([name, { data }]) => [name, data]));
  const session = await TrainingSession.create(compile(problem), nodeBackend, { seed: 0, threads, state });
  return {
    about: about(threads),
    step: async (index) => {
      const { images, labels, teacherLogits } = batchAt(problem, index);
      const feeds = {
        images: images!.data,
        labels: BigInt64Array.from(labels!.data, BigInt),
        teacher_logits: teacherLogits!.data,
      };
      const { loss } = await session.run(feeds, problem.settings.learningRate!);
      return loss!;
    },
  };
}

function compile(problem: Problem): TrainingProgram {
  const { temperature, hardWeight, momentum } = problem.settings;
  const batch = batchAt(problem, 0);
  const graph = createGraph();
  const images = graph.input("images", "float32", batch.images!.shape);
  const labels = graph.input("labels", "int64", batch.labels!.shape);
  const teacherLogits = graph.input("teacher_logits", "float32", batch.teacherLogits!.shape);
  const parameters = Object.entries(parametersOf(problem)).map(([name, { shape }]) =>
    graph.parameter(name, "float32", shape),
  );
  let x = images;
  for (let i = 0; i < parameters.length; i += 2) {
    x = ops.linear(i === 0 ? x : ops.relu(x), parameters[i]!, parameters[i + 1]!);
  }
  const loss = distillationLoss(x, labels, teacherLogits, { temperature: temperature!, hardWeight: hardWeight! });
  return compileTraining({ loss, optimizer: sgd({ momentum: momentum! }) });
}
