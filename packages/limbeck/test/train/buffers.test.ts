import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileTraining, createGraph, ops, randomStream, sgd, toOnnx } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import type { Model } from "../../src/models/model.js";
import type { TrainingJob } from "../../src/schemes/job.js";
import { readSafetensors, writeSafetensors } from "../../src/support/safetensors.js";
import { Checkpoints, type Parameters } from "../../src/train/checkpoints.js";
import { Interrupted } from "../../src/train/events.js";
import { runTraining, type TrainingRunOptions } from "../../src/train/loop.js";
import { temporaryFolder } from "../runs/harness.js";

const [BATCH, CHANNELS, STEPS] = [8, 3, 24];
const NAMES = ["bn.weight", "bn.bias", "fc.weight", "bn.running_mean", "bn.running_var", "steps", "scale"];

const initial = {
  "bn.weight": Float32Array.of(1, 1, 1),
  "bn.bias": Float32Array.of(0, 0, 0),
  "fc.weight": Float32Array.of(0.5, -0.5, 0.25),
  "bn.running_mean": Float32Array.of(0, 0, 0),
  "bn.running_var": Float32Array.of(1, 1, 1),
  steps: Float32Array.of(0),
  scale: Float32Array.of(2),
};

/** Batch normalization before one linear unit; beside the statistics, a counter is carried, and a factor stays frozen. */
function normalizingJob(): TrainingJob {
  const graph = createGraph();
  const x = graph.input("x", "float32", [BATCH, CHANNELS]);
  const of = (name: string, shape: readonly number[]) => graph.parameter(name, "float32", shape);
  const [weight, bias] = [of("bn.weight", [CHANNELS]), of("bn.bias", [CHANNELS])];
  const [runningMean, runningVar] = [of("bn.running_mean", [CHANNELS]), of("bn.running_var", [CHANNELS])];
  const [linear, steps, scale] = [of("fc.weight", [1, CHANNELS]), of("steps", []), of("scale", [])];
  const normal = ops.batchNorm(x, { weight, bias, runningMean, runningVar }, { training: true });
  const y = ops.mul(ops.linear(normal.output, linear), scale);
  const program = compileTraining({
    loss: ops.reduceMean(ops.mul(ops.sub(y, 1), ops.sub(y, 1))),
    optimizer: sgd({ momentum: 0.9 }),
    parameters: [weight, bias, linear],
    buffers: [
      { input: runningMean, next: normal.nextMean },
      { input: runningVar, next: normal.nextVar },
      { input: steps, next: ops.add(steps, 1) },
    ],
  });
  const model: Model = {
    family: "test",
    parameters: [],
    buffers: [],
    forward: () => ({ logits: y, taps: {}, buffers: {} }),
  };
  const feeds: TrainingJob["feeds"] = async (step) => {
    const stream = randomStream(9, step);
    return { x: Float32Array.from({ length: BATCH * CHANNELS }, (_, i) => stream.uniform() * (1 + (i % CHANNELS))) };
  };
  return { model, program, initial, seed: 1, epochs: 4, stepsPerEpoch: STEPS / 4, learningRate: () => 0.05, feeds };
}

const seen: Parameters[] = [];
const signal = (abort: boolean) => (abort ? AbortSignal.abort() : new AbortController().signal);

function options(path: string, changes: Partial<TrainingRunOptions> = {}): TrainingRunOptions {
  return {
    phase: "student",
    checkpoints: new Checkpoints(path, normalizingJob().program),
    threads: 1,
    evaluate: async (parameters) => seen.push(parameters),
    measured: (epoch) => epoch === 4,
    signal: signal(false),
    checkpointSeconds: 0,
    ...changes,
  };
}

/** Trains to the end, or up to a checkpoint, where the process is as good as dead. */
async function train(path: string, diesAt = Number.POSITIVE_INFINITY): Promise<Parameters | undefined> {
  const run = runTraining(normalizingJob(), options(path));
  for (;;) {
    const { value, done } = await run.next();
    if (done) return value.parameters;
    if (value.type !== "checkpoint" || value.step < diesAt) continue;
    await run.return(undefined as never);
    return undefined;
  }
}

describe("running statistics through the training loop", () => {
  it("are part of the finished model, on disk and off it, and of what is measured", async () => {
    const path = join(temporaryFolder(), "model");
    seen.length = 0;
    const finished = (await train(path))!;
    expect(Object.keys(finished).sort()).toEqual([...NAMES].sort());
    expect(finished.steps).toEqual(Float32Array.of(STEPS));
    expect(finished.scale).toEqual(initial.scale);
    expect(finished["bn.running_mean"]!.every((value) => value > 0.1)).toBe(true);
    const stored = readSafetensors(`${path}.safetensors`).tensors;
    for (const name of NAMES) expect(stored[name]!.data).toEqual(finished[name]);
    expect(seen).toMatchObject([finished]);
    expect(new Checkpoints(path, normalizingJob().program).finished()).toEqual(finished);
  });

  it("come back bit for bit after a stop and after sudden deaths", async () => {
    const [whole, broken] = [join(temporaryFolder(), "model"), join(temporaryFolder(), "model")];
    await train(whole);
    for (const step of [3, 10, 17]) expect(await train(broken, step)).toBeUndefined();
    const stopped = runTraining(normalizingJob(), options(broken, { signal: signal(true) }));
    await expect(async () => {
      for await (const _ of stopped);
    }).rejects.toThrow(Interrupted);
    await train(broken);
    expect(readFileSync(`${broken}.safetensors`)).toEqual(readFileSync(`${whole}.safetensors`));
  });

  it("are not done without: a file that lacks them is refused", async () => {
    const path = join(temporaryFolder(), "model");
    await train(path);
    const { tensors, metadata } = readSafetensors(`${path}.safetensors`);
    const { "bn.running_var": _, ...rest } = tensors;
    writeSafetensors(`${path}.safetensors`, { tensors: rest, metadata });
    const checkpoints = new Checkpoints(path, normalizingJob().program);
    expect(() => checkpoints.finished()).toThrow(/holds other tensors/);
  });

  it("reach the exported model", async () => {
    const finished = (await train(join(temporaryFolder(), "model")))!;
    const graph = createGraph();
    const x = graph.input("x", "float32", [BATCH, CHANNELS]);
    const parameter = (name: string) => graph.parameter(name, "float32", [CHANNELS]);
    const [weight, bias] = [parameter("bn.weight"), parameter("bn.bias")];
    const [runningMean, runningVar] = [parameter("bn.running_mean"), parameter("bn.running_var")];
    graph.output("y", ops.batchNorm(x, { weight, bias, runningMean, runningVar }).output);
    expect(toOnnx(graph, { parameters: finished }).length).toBeGreaterThan(0);
  });
});
