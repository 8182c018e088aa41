import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomStream } from "@limbeck/graph";
import { distill, readRecipe } from "limbeck";
import { digits } from "../../src/data/named/digits.js";
import { writeTones } from "../data/audio.js";
import { temporaryFolder } from "../runs/harness.js";

/** A run of two or three seconds whose student reads digits, not well. @returns its folder */
export async function digitsRun(changes: object = {}): Promise<string> {
  return runOf({
    name: "tiny-digits",
    description: "Digits, for tests.",
    seeds: 2,
    data: { source: "digits", train: 1000, test: 200, transfer: { size: 400 } },
    teacher: { model: { family: "mlp", hidden: [32] }, train: { epochs: 2, batchSize: 64 } },
    student: { model: { family: "mlp", hidden: [16] }, train: { epochs: 4, batchSize: 64 } },
    ...changes,
  });
}

/** A run whose student takes windows of three rows with two columns. @returns its folder */
export async function windowsRun(): Promise<string> {
  const random = randomStream(3);
  const lines = Array.from({ length: 240 }, (_, i) => {
    const heat = i % 12 > 5 ? 60 : 20;
    return `m${Math.floor(i / 12)},${heat + random.below(10)},${random.below(100)},${heat > 40 ? "hot" : "cold"}`;
  });
  const folder = temporaryFolder();
  const table = join(folder, "rows.csv");
  writeFileSync(table, ["machine,heat,noise,state", ...lines].join("\n"));
  return runOf({
    name: "tiny-windows",
    seeds: 1,
    data: { source: { table, label: "state", window: { length: 3, group: "machine" } }, test: 40 },
    teacher: { model: { family: "mlp", hidden: [8] }, train: { epochs: 2, batchSize: 16 } },
    student: { model: { family: "mlp", hidden: [4] }, train: { epochs: 2, batchSize: 16 } },
    baseline: false,
  });
}

/** A run whose student tells tones apart by their log-mel features. @returns its folder, beside which `tones` lie */
export async function soundsRun(source: object = {}): Promise<string> {
  const folder = temporaryFolder();
  writeTones(join(folder, "tones"), 14);
  return runOf({
    name: "tiny-sounds",
    seeds: 1,
    data: {
      source: { audio: join(folder, "tones"), duration: 0.25, sampleRate: 8000, mels: 12, hop: 0.02, ...source },
      test: 12,
    },
    teacher: { model: { family: "mlp", hidden: [16] }, train: { epochs: 4, batchSize: 10, learningRate: 0.01 } },
    student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 4, batchSize: 10, learningRate: 0.01 } },
    baseline: false,
  });
}

/** A run whose student tells questions, greetings and numbers apart. @returns its folder, beside which `texts.csv` lies */
export async function textsRun(changes: object = {}): Promise<string> {
  const folder = temporaryFolder();
  const texts = join(folder, "texts.csv");
  const rows = Array.from({ length: 40 }, (_, i) => [
    `"Where is parcel ${i}, please?",question`,
    `Good ${i % 2 ? "morning" : "evening"} to all ${i} of you,greeting`,
    `${i * 37} and ${i * 91},numbers`,
  ]);
  writeFileSync(texts, ["text,label", ...rows.flat()].join("\n"));
  const model = { family: "ngrams", lengths: [1, 2, 3], buckets: 256, embedding: 8 };
  const train = { epochs: 12, batchSize: 16, learningRate: 0.03 };
  return runOf({
    name: "tiny-texts",
    seeds: 1,
    data: { source: { texts, bytes: 48 }, test: 30 },
    teacher: { model, train },
    student: { model, train },
    baseline: false,
    ...changes,
  });
}

async function runOf(recipe: object): Promise<string> {
  const folder = temporaryFolder();
  const [file, runDir] = [join(folder, "recipe.yaml"), join(folder, "run")];
  writeFileSync(file, JSON.stringify(recipe));
  for await (const _ of distill(readRecipe(file), { runDir, threads: 1 }));
  return runDir;
}

/** Pixels [28 × 28] of 0 … 255 of some digits, one of each class in turn. */
export async function someDigits(count: number): Promise<Uint8Array[]> {
  const { train } = await digits.load();
  const first = (label: number) => train.labels.indexOf(label);
  return Array.from({ length: count }, (_, i) => {
    const place = first(i % 10) + Math.floor(i / 10);
    return Uint8Array.from(train.pixels.subarray(place * 784, (place + 1) * 784));
  });
}
