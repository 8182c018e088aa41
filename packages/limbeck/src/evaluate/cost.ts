import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ImageGeometry, sampleLength } from "../data/dataset.js";
import { Classifier } from "../teachers/classifier.js";
import { median } from "./statistics.js";

const WARM_UP = 30;
const RUNS = 300;

/** Median time of one forward pass at batch 1 on one thread, in milliseconds. */
export async function measureLatency(file: Uint8Array, geometry: ImageGeometry): Promise<number> {
  const classifier = await Classifier.load(file, geometry, 1);
  const image = new Float32Array(sampleLength(geometry)).fill(0.5);
  const times: number[] = [];
  for (let run = 0; run < WARM_UP + RUNS; run++) {
    const start = performance.now();
    await classifier.logits(image, 1);
    if (run >= WARM_UP) times.push(performance.now() - start);
  }
  await classifier.release();
  return median(times);
}

const probe = fileURLToPath(new URL("./memory-probe.js", import.meta.url));

/** Peak resident memory, in bytes, of a fresh process that loads an ONNX file and answers at batch 1. */
export async function measurePeakMemory(path: string, { channels, height, width }: ImageGeometry): Promise<number> {
  const shape = [channels, height, width].join(",");
  // Allocator settings that suit training would show in the figure.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MALLOC_")));
  const { stdout } = await promisify(execFile)(process.execPath, [probe, path, shape], { env });
  return Number(stdout);
}
