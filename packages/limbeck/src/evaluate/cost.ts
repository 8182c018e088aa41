import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type ImageGeometry, sampleLength } from "../data/dataset.js";
import { INPUT } from "../models/inference.js";
import { Classifier } from "../teachers/classifier.js";
import type { ProbedInput } from "./memory-probe.js";
import { median } from "./statistics.js";
import { timeRuns } from "./timing.js";

const WARM_UP = 30;
const RUNS = 300;

/** Median time of one forward pass at batch 1 on one thread, in milliseconds. */
export async function measureLatency(file: Uint8Array, geometry: ImageGeometry): Promise<number> {
  const classifier = await Classifier.load(file, geometry, 1);
  const image = new Float32Array(sampleLength(geometry)).fill(0.5);
  const times = await timeRuns(() => classifier.logits(image, 1), { warmUp: WARM_UP, runs: RUNS });
  await classifier.release();
  return median(times);
}

const probe = fileURLToPath(new URL("./memory-probe.js", import.meta.url));

/** Peak resident memory, in bytes, of a fresh process that loads an ONNX file and answers at batch 1. */
export function measurePeakMemory(path: string, { channels, height, width }: ImageGeometry): Promise<number> {
  return probeMemory(path, { name: INPUT, dtype: "float32", shape: [1, channels, height, width], weights: [] });
}

/** The same of any file. @param signal ends the process */
export async function probeMemory(path: string, input: ProbedInput, signal?: AbortSignal): Promise<number> {
  // Allocator settings that suit training would show in the figure.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MALLOC_")));
  const args = [probe, path, JSON.stringify(input)];
  // A group of its own: a terminal's Ctrl-C reaches all processes of one, and the run decides when to stop.
  const child = spawn(process.execPath, args, {
    env,
    detached: true,
    windowsHide: true,
    ...(signal ? { signal } : {}),
  });
  const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (code !== 0) throw new Error(`the process that measures memory ended with ${code}: ${complaint.trim()}`);
  return Number(output);
}
