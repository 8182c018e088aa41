/**
 * A process of its own: loads the ONNX file named by its first argument, answers a few times at batch 1 and prints its
 * peak resident memory in bytes.
 */
import { readFileSync } from "node:fs";
import { sampleLength } from "../data/dataset.js";
import { peakMemoryBytes } from "../support/peak-memory.js";
import { Classifier } from "../teachers/classifier.js";

// A terminal sends Ctrl-C to all processes; the run decides when to stop.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

const RUNS = 10;

const [path, shape] = process.argv.slice(2);
const [channels, height, width] = shape!.split(",").map(Number);
const geometry = { channels: channels!, height: height!, width: width! };
const classifier = await Classifier.load(readFileSync(path!), geometry, 1);
const image = new Float32Array(sampleLength(geometry));
for (let run = 0; run < RUNS; run++) await classifier.logits(image, 1);
process.stdout.write(String(peakMemoryBytes()));
