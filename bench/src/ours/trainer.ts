import { availableParallelism } from "node:os";
import {
  compileTraining,
  createGraph,
  type Graph,
  type Optimizer,
  type Tensor,
  type TrainingBuffer,
  type TrainingProgram,
  TrainingSession,
  type TypedArray,
} from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { BATCH, BUFFER, batchAt, PARAMETER, prefixed, TEACHER, under } from "../problems/problem.js";
import type { Trainer } from "../process/trainer.js";
import type { Problem, ProblemTensor } from "../row.js";
import { about } from "./about.js";
import { distillationLoss } from "./loss.js";

/** A network's tensors by name, inside a graph. */
export type Weights = Readonly<Record<string, Tensor>>;

export interface Forward {
  /** [N, K] */
  readonly logits: Tensor;
  /** Running statistics after a training step, by name. */
  readonly next?: Weights;
}

/** A kind of network and how it is trained. */
export interface Architecture {
  /** @param inputs the batch by name */
  student(weights: Weights, inputs: Weights, settings: Problem["settings"]): Forward;
  /** Where the teacher runs in every step: its logits. */
  teacher?(weights: Weights, inputs: Weights, settings: Problem["settings"]): Tensor;
  /**
   * How the teacher's weights get into the graph. Constants are arranged once, as ONNX Runtime's convolutions like them best,
   * but it copies them; what is fed stays where it is, and matrix products are as fast with it.
   */
  readonly teacherWeights?: "constant" | "fed";
  optimizer(settings: Problem["settings"]): Optimizer;
}

/** Our training step of a student, which learns from labels and from a teacher that runs beside it or ran before. */
export async function distillationTrainer(problem: Problem, architecture: Architecture): Promise<Trainer> {
  const threads = availableParallelism();
  const carried = { ...under(problem, PARAMETER), ...under(problem, BUFFER) };
  const program = compileStep(problem, architecture);
  const given = { ...carried, ...fedTeacher(problem, architecture) };
  const state = Object.fromEntries(Object.entries(given).map(([name, { data }]) => [name, data]));
  const session = await TrainingSession.create(program, nodeBackend, { seed: 0, threads, state });
  const batches = onlyBatches(problem);
  return {
    about: about(threads),
    step: async (index) => {
      const { loss } = await session.run(feedsOf(batches, index), batches.settings.learningRate!);
      return loss!;
    },
  };
}

export function compileStep(problem: Problem, architecture: Architecture): TrainingProgram {
  const { settings } = problem;
  const graph = createGraph();
  const inputs = mapValues(batchAt(problem, 0), (name, { shape, data }) =>
    graph.input(name, data instanceof Int32Array ? "int64" : "float32", shape),
  );
  const declare = (name: string, { shape }: ProblemTensor) => graph.parameter(name, "float32", shape);
  const parameters = mapValues(under(problem, PARAMETER), declare);
  const statistics = mapValues(under(problem, BUFFER), declare);
  const { logits, next = {} } = architecture.student({ ...parameters, ...statistics }, inputs, settings);
  const loss = distillationLoss(logits, inputs.labels!, teacherLogits(graph, problem, architecture, inputs), {
    temperature: settings.temperature!,
    hardWeight: settings.hardWeight!,
  });
  const buffers = Object.entries(next).map(
    ([name, value]): TrainingBuffer => ({ input: statistics[name]!, next: value }),
  );
  return compileTraining({
    loss,
    optimizer: architecture.optimizer(settings),
    parameters: Object.values(parameters),
    buffers,
  });
}

function fedTeacher(problem: Problem, { teacherWeights }: Architecture): Record<string, ProblemTensor> {
  return teacherWeights === "fed" ? prefixed(TEACHER, under(problem, TEACHER)) : {};
}

function teacherLogits(graph: Graph, problem: Problem, architecture: Architecture, inputs: Weights): Tensor {
  if (inputs.teacherLogits) return inputs.teacherLogits;
  const isFed = architecture.teacherWeights === "fed";
  const weights = mapValues(under(problem, TEACHER), (name, { shape, data }) =>
    isFed ? graph.parameter(`${TEACHER}${name}`, "float32", shape) : graph.constant("float32", shape, data),
  );
  return architecture.teacher!(weights, inputs, problem.settings);
}

/** A copy, so that the parameters' memory is free once they have become state. */
function onlyBatches({ tensors, settings }: Problem): Problem {
  const batches = Object.entries(tensors).filter(([name]) => name.startsWith(BATCH));
  const copies = batches.map(([name, { shape, data }]) => [name, { shape, data: data.slice() }] as const);
  return { settings, tensors: Object.fromEntries(copies) };
}

function feedsOf(problem: Problem, index: number): Record<string, TypedArray> {
  return mapValues(batchAt(problem, index), (_, { data }) =>
    data instanceof Int32Array ? BigInt64Array.from(data, BigInt) : data,
  );
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  change: (name: string, value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(name, value)]));
}
