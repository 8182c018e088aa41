import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectModel, probeWith } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { type ImageGeometry, sampleLength } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import { gzippedSize } from "../support/gzip.js";
import { probeMemory } from "./cost.js";
import type { EvaluationSettings, ModelCost } from "./evaluation.js";
import type { FileModel } from "./file-model/file-model.js";
import { quantile } from "./intervals.js";
import { timeRuns } from "./timing.js";

const WARM_UP = 20;
const RUNS = 300;
const LEAST_RUNS = 10;
/** For each figure: large models are run less often. */
const BUDGET_MS = 3000;

/** Measures what a model costs. @param onStep is called before each of `COST_STEPS` parts */
export async function measureCost(
  model: FileModel,
  samples: ImageGeometry,
  { threads, batch }: Pick<EvaluationSettings, "threads" | "batch">,
  signal: AbortSignal,
  onStep: (step: number) => Promise<void>,
): Promise<ModelCost> {
  const latency: ModelCost["latency"][number][] = [];
  const throughput: ModelCost["throughput"][number][] = [];
  await onStep(0);
  const size = await sizes(model);
  const counted = await counts(model);
  await onStep(1);
  // Before anything is timed: the process is a neighbor that would be heard.
  const peakMemoryBytes = await memoryOf(model, signal);
  let step = 2;
  for (const used of threadCounts(threads)) {
    const session = await model.session(used);
    try {
      await onStep(step++);
      const single = await times(model, session, samples, 1, signal);
      latency.push({ threads: used, p50Ms: quantile(single.times, 0.5), p95Ms: quantile(single.times, 0.95) });
      await onStep(step++);
      const many = await times(model, session, samples, batch, signal);
      const median = quantile(many.times, 0.5);
      throughput.push({ threads: used, batch: many.batch, samplesPerSecond: (1000 * many.batch) / median });
    } finally {
      await session.release();
    }
  }
  return { ...size, ...counted, latency, throughput, peakMemoryBytes };
}

async function memoryOf(model: FileModel, signal: AbortSignal): Promise<number> {
  const { weights, cut } = model.contents;
  const folder = cut && mkdtempSync(join(tmpdir(), "limbeck-"));
  try {
    const probed = { ...shapeOf(model, 1), weights: [...weights.keys()] };
    if (!cut || !folder) return await probeMemory(model.path, probed, signal);
    const file = join(folder, "cut.onnx");
    writeFileSync(file, cut);
    return await probeMemory(model.path, { ...probed, cut: file }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new LimbeckError("MODEL_FAILED", `${model.name} cannot be run in a process of its own`, {
      where: model.path,
      fix: "See whether it takes more memory than there is, or leave out cost.",
      cause: error,
    });
  } finally {
    if (folder) rmSync(folder, { recursive: true });
  }
}

/** How many parts {@link measureCost} has. */
export function costSteps({ threads }: Pick<EvaluationSettings, "threads">): number {
  return 2 + 2 * threadCounts(threads).length;
}

function threadCounts(all: number): number[] {
  return all > 1 ? [1, all] : [1];
}

async function sizes({ contents }: FileModel): Promise<Pick<ModelCost, "bytes" | "gzipBytes">> {
  let [bytes, gzipBytes] = [0, 0];
  for (const part of [contents.cut ?? contents.file, ...contents.weights.values()]) {
    bytes += part.byteLength;
    gzipBytes += await gzippedSize(part);
  }
  return { bytes, gzipBytes };
}

/** Parameters and arithmetic, as far as the graph import can read the file. */
async function counts({ contents, facts, input }: FileModel): Promise<Pick<ModelCost, "parameters" | "macs" | "note">> {
  if (typeof facts === "string") return { parameters: null, macs: null, note: facts };
  const dims = Object.fromEntries([1, ...input.shape].map((size, axis) => [`${input.name}[${axis}]`, size]));
  const isOpen = (axis: number) =>
    typeof facts.inputs.find(({ name }) => name === input.name)?.shape?.[axis] !== "number";
  const open = Object.fromEntries(Object.entries(dims).filter((_, axis) => isOpen(axis)));
  try {
    const externalData = (location: string) => contents.weights.get(location)!;
    const options = { dims: open, externalData, shapesOf: probeWith(nodeBackend) };
    const found = Object.keys(open).length === 0 ? facts : await inspectModel(contents.cut ?? contents.file, options);
    const left = found.unread.length + found.operators.reduce((sum, { uncounted }) => sum + uncounted, 0);
    const note = left > 0 ? `MACs leave out ${left} nodes whose cost is not known` : null;
    return { parameters: found.parameters.total, macs: found.macs / (input.batch ?? 1), note };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return { parameters: facts.parameters.total, macs: null, note };
  }
}

function shapeOf({ input }: FileModel, count: number) {
  return { name: input.name, dtype: input.dtype, shape: [input.batch ?? count, ...input.shape] };
}

async function times(
  model: FileModel,
  session: Awaited<ReturnType<FileModel["session"]>>,
  samples: ImageGeometry,
  asked: number,
  signal: AbortSignal,
) {
  const batch = model.batchOf(asked);
  const feed = await model.feed(new Float32Array(batch * sampleLength(samples)).fill(0.5), batch);
  const options = { warmUp: WARM_UP, runs: RUNS, leastRuns: LEAST_RUNS, budgetMs: BUDGET_MS, signal };
  return { batch, times: await timeRuns(() => model.run(session, feed, batch), options) };
}
