import { appendFileSync, existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { z } from "zod";
import type { RunResults } from "../evaluate/results.js";
import { readRecipe } from "../recipe/parse.js";
import type { Recipe } from "../recipe/schema.js";
import { type ErrorRecord, LimbeckError, toFileError } from "../support/errors.js";
import { makeFolder, readBytes, readText, writeFileAtomic } from "../support/files.js";
import { sha256 } from "../support/hash.js";
import { readJson } from "../support/json.js";

const runFileSchema = z.looseObject({
  limbeck: z.string(),
  name: z.string(),
  createdAt: z.string(),
  recipeSha256: z.string(),
  threads: z.int().positive(),
  status: z.enum(["running", "interrupted", "failed", "done"]),
  /** Seconds that each finished phase took, over all its parts. */
  seconds: z.record(z.string(), z.number()),
});

/** `run.json`: what a run is, and how far it has come. */
export type RunFile = z.infer<typeof runFileSchema> & {
  readonly results?: RunResults;
  readonly error?: ErrorRecord;
  readonly environment?: Readonly<Record<string, string>>;
};

/** How long a new process waits for one that is just ending, in milliseconds. */
const LOCK_PATIENCE = 5000;

/** The folder of one run, and everything in it. */
export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /**
   * Makes a new run folder with its recipe.
   * @throws LimbeckError FILE_EXISTS when the folder is there and not empty, FILE_UNWRITABLE, DISK_FULL
   */
  static create(path: string, recipe: Recipe, about: { limbeck: string; threads: number }): RunFolder {
    const folder = new RunFolder(path);
    if (existsSync(folder.path) && (!statSync(folder.path).isDirectory() || readdirSync(folder.path).length > 0)) {
      throw new LimbeckError("FILE_EXISTS", `${folder.path} exists and is not empty`, {
        value: folder.path,
        fix: "Name another folder with --out, or go on with `limbeck resume`.",
      });
    }
    makeFolder(folder.path);
    const text = stringify(recipe);
    writeFileAtomic(folder.file("recipe.yaml"), text);
    folder.writeRun({
      ...about,
      name: recipe.name,
      createdAt: new Date().toISOString(),
      recipeSha256: sha256(text),
      status: "running",
      seconds: {},
    });
    return folder;
  }

  /** @throws LimbeckError RUN_INVALID when this is no run folder, or its recipe was changed */
  static open(path: string): RunFolder {
    const folder = new RunFolder(path);
    if (!existsSync(folder.file("run.json")) || !existsSync(folder.file("recipe.yaml"))) {
      throw new LimbeckError("RUN_INVALID", `${folder.path} is not a run folder`, {
        value: folder.path,
        fix: "Name a folder that `limbeck run` made: it holds run.json and recipe.yaml.",
      });
    }
    if (sha256(readBytes(folder.file("recipe.yaml"))) !== folder.readRun().recipeSha256) {
      throw new LimbeckError("RUN_INVALID", `the recipe in ${folder.path} was changed after the run began`, {
        where: folder.file("recipe.yaml"),
        fix: "Undo the change, or begin a new run with the changed recipe.",
      });
    }
    return folder;
  }

  file(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  recipe(): Recipe {
    return readRecipe(this.file("recipe.yaml"));
  }

  readRun(): RunFile {
    const parsed = runFileSchema.safeParse(readJson(this.file("run.json")));
    if (parsed.success) return parsed.data as RunFile;
    throw new LimbeckError("RUN_INVALID", `${this.file("run.json")} is not what it should be`, {
      where: this.file("run.json"),
      fix: "Begin a new run.",
    });
  }

  writeRun(run: RunFile): void {
    writeFileAtomic(this.file("run.json"), `${JSON.stringify(run, null, 2)}\n`);
  }

  updateRun(change: Partial<RunFile>): void {
    this.writeRun({ ...this.readRun(), ...change });
  }

  /** Appends one line to `metrics.jsonl`. */
  appendMetric(record: object): void {
    const path = this.file("metrics.jsonl");
    try {
      appendFileSync(path, `${JSON.stringify(record)}\n`);
    } catch (error) {
      throw toFileError(error, path);
    }
  }

  /** Records of `metrics.jsonl`. */
  metrics(): unknown[] {
    const path = this.file("metrics.jsonl");
    if (!existsSync(path)) return [];
    return readText(path)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }

  /** Cuts off a last line that a killed process did not finish. */
  mendMetrics(): void {
    const path = this.file("metrics.jsonl");
    if (!existsSync(path)) return;
    const bytes = readBytes(path);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) truncateSync(path, end);
  }

  /**
   * Claims the folder for this process until it ends or {@link unlock} is called.
   * @throws LimbeckError RUN_BUSY when another living process holds it
   */
  async lock(): Promise<void> {
    const path = this.file(".lock");
    const deadline = Date.now() + LOCK_PATIENCE;
    for (;;) {
      try {
        writeFileSync(path, String(process.pid), { flag: "wx" });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw toFileError(error, path);
      }
      const owner = Number(readText(path));
      if (!isAlive(owner)) rmSync(path, { force: true });
      else if (Date.now() > deadline) {
        throw new LimbeckError("RUN_BUSY", `process ${owner} is working in ${this.path}`, {
          value: owner,
          fix: "Wait for it, or stop it.",
        });
      } else await sleep(100);
    }
  }

  unlock(): void {
    rmSync(this.file(".lock"), { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
