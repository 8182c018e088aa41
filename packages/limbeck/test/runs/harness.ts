import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { randomStream } from "@limbeck/graph";
import type { RunEvent } from "limbeck";
import { expect } from "vitest";

const command = fileURLToPath(new URL("../../bin/limbeck.js", import.meta.url));

// What one test has trained must not spare another the training.
process.env.LIMBECK_CACHE_DIR = temporaryFolder();

/** A folder that is gone when the tests are over. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "limbeck-test-"));
}

/** Writes idx files of noisy 6×6 patterns, one for each of four classes; returns their paths. */
export function writeImages(folder: string, size: number, classes = 4): { images: string; labels: string } {
  const random = randomStream(5);
  const patterns = Array.from({ length: 4 }, () => Uint8Array.from({ length: 36 }, () => random.below(200)));
  const pixels = Uint8Array.from({ length: size * 36 }, (_, i) => {
    return Math.min(255, Math.max(0, patterns[Math.floor(i / 36) % 4]![i % 36]! + random.below(160) - 80));
  });
  const header = (...dims: number[]) =>
    Buffer.from([0, 0, 8, dims.length, ...dims.flatMap((dim) => [0, 0, dim >> 8, dim & 255])]);
  const [images, labels] = [join(folder, "images.idx"), join(folder, "labels.idx")];
  writeFileSync(images, Buffer.concat([header(size, 6, 6), pixels]));
  writeFileSync(labels, Buffer.concat([header(size), Uint8Array.from({ length: size }, (_, i) => i % classes)]));
  return { images, labels };
}

/** A run of a second or two. */
export function smallRecipe({ images, labels }: { images: string; labels: string }, changes: object = {}): string {
  return JSON.stringify({
    name: "small",
    seeds: 2,
    data: { source: { train: { images, labels } }, test: 80, transfer: { size: 64 } },
    teacher: {
      model: { family: "mlp", hidden: [32], dropout: { input: 0.1, hidden: 0.3 } },
      train: { epochs: 20, batchSize: 32, augment: [{ name: "jitter", pixels: 1 }] },
    },
    student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 30, batchSize: 16 } },
    distill: [
      { loss: "kd", temperature: 2 },
      { loss: "cross-entropy", weight: 0.1 },
    ],
    ...changes,
  });
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line; `control` may send it signals. */
export function limbeck(
  args: readonly string[],
  control: (child: ReturnType<typeof spawn>) => void = () => {},
  env: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  // A process group of its own, so that a test can signal all of it, as a terminal does.
  const options = {
    env: { ...process.env, NO_COLOR: "1", LIMBECK_CACHE_DIR: temporaryFolder(), ...env },
    detached: true,
  };
  const child = spawn(process.execPath, [command, ...args], options);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  control(child);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** The process that trains for a command. */
export function workerOf({ pid }: ChildProcess): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children === "" ? undefined : Number(children.split(" ")[0]);
}

/** Kills worker or parent of a command, whichever comes, at a random moment of so many milliseconds after it has begun to tell. */
export function killer(random: { below(bound: number): number }, within: number) {
  return (child: ChildProcess) => {
    child.stderr!.once("data", () => {
      void sleep(random.below(within)).then(() => {
        if (child.exitCode !== null) return;
        const worker = workerOf(child);
        if (worker !== undefined && random.below(2) === 0) process.kill(worker, "SIGKILL");
        else child.kill("SIGKILL");
      });
    });
  };
}

/** Kills a run once its student has a checkpoint, and goes on to its end. */
export async function killInTraining({ recipe, runDir }: { recipe: string; runDir: string }): Promise<void> {
  const quick = ["--json", "--checkpoint-every", "0.01"];
  const students = join(runDir, "checkpoints/student");
  const isTraining = () => existsSync(students) && readdirSync(students).some((name) => name.includes("partial"));
  const dies = async (child: ChildProcess) => {
    while (!isTraining() && child.exitCode === null) await sleep(2);
    process.kill(-child.pid!, "SIGKILL");
  };
  const first = await limbeck(["run", recipe, "--out", runDir, ...quick], dies);
  expect(first.code).not.toBe(0);
  const second = await limbeck(["resume", runDir, ...quick]);
  expect(second.code, second.stdout).toBe(0);
}

/** A recipe file in a folder of its own, with its data. */
export function prepareRun(changes: object = {}, size = 400): { folder: string; recipe: string; runDir: string } {
  const folder = temporaryFolder();
  const recipe = join(folder, "small.yaml");
  writeFileSync(recipe, smallRecipe(writeImages(folder, size), changes));
  return { folder, recipe, runDir: join(folder, "run") };
}

/** Reads a run's events to the end, or stops the run at one of them. */
export async function read(events: AsyncIterable<RunEvent>, until: (event: RunEvent) => boolean = () => false) {
  const seen: RunEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (until(event)) break;
  }
  return seen;
}

/** Waits until the process that works on a run has ended. */
export async function unlocked(runDir: string): Promise<void> {
  for (let waited = 0; existsSync(join(runDir, ".lock")) && waited < 400; waited++) await sleep(25);
}

/** What a run must end with, bit for bit: final parameters and exported models. */
export function fingerprint(runDir: string, files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(runDir, file)).toString("base64")]));
}

/** All models and final parameters of a run folder. */
export function finalFiles(runDir: string): string[] {
  return readdirSync(runDir, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(onnx|safetensors)$/.test(name) && !name.includes(".partial."))
    .sort();
}

export const FINAL_FILES: readonly string[] = [
  "teacher.onnx",
  "student.onnx",
  "baseline.onnx",
  "checkpoints/teacher.safetensors",
  ...["student", "baseline"].flatMap((arm) => [2, 3].map((seed) => `checkpoints/${arm}/seed-${seed}.safetensors`)),
];

/** Kills a run while its student is trained, and resumes it. @returns its folder */
export async function killAndResume(changes: object): Promise<string> {
  const { recipe, runDir } = prepareRun(changes);
  const quick = ["--json", "--checkpoint-every", "0.01"];
  const students = join(runDir, "checkpoints/student");
  const isTraining = () => existsSync(students) && readdirSync(students).some((name) => name.includes("partial"));
  const dies = async (child: ChildProcess) => {
    while (!isTraining() && child.exitCode === null) await sleep(2);
    process.kill(-child.pid!, "SIGKILL");
  };
  const first = await limbeck(["run", recipe, "--out", runDir, ...quick], dies);
  if (first.code === 0) throw new Error("the run ended before it could be killed");
  const second = await limbeck(["resume", runDir, ...quick]);
  if (second.code !== 0) throw new Error(`it was not resumed: ${second.stdout}${second.stderr}`);
  return runDir;
}
