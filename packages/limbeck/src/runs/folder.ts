import { appendFileSync, existsSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { CorruptFile } from "../data/folders/reader.js";
import type { TaskResults } from "../evaluate/results.js";
import { readRecipe } from "../recipe/parse.js";
import type { Recipe } from "../recipe/schema.js";
import { recipeText } from "../recipe/text.js";
import { type ErrorRecord, LimbeckError, toFileError } from "../support/errors.js";
import { makeFolder, readBytes, readText, writeFileAtomic } from "../support/files.js";
import { sha256 } from "../support/hash.js";
import { readJson } from "../support/json.js";
import type { EpochEvent } from "../train/events.js";
import { workOriginSchema } from "./finished-work.js";
import { GOALS, type Goal } from "./goals.js";
import { sampleFactsSchema } from "./sample-facts.js";
import { limbeckVersion } from "./versions.js";

const runFileSchema = z.looseObject({
  limbeck: z.string(),
  name: z.string(),
  createdAt: z.string(),
  recipeSha256: z.string(),
  /** Of the recipe before its terms were chosen: what lies there if a process dies in between. */
  openRecipeSha256: z.string().optional(),
  /** Of all images and labels, and of which are for training and for testing. */
  dataSha256: z.string().optional(),
  /** What the student takes and answers; what was begun before it was recorded lacks it. */
  samples: sampleFactsSchema.optional(),
  /** Of the teacher's file, and of those that it keeps its numbers in, where the run does not train one. */
  teacherSha256: z.string().optional(),
  /** The same of an ensemble's members that are files, by their place in the recipe. */
  memberSha256: z.record(z.string(), z.string()).optional(),
  /** The same of files that the run trains further, by their place in the recipe. */
  networkSha256: z.record(z.string(), z.string()).optional(),
  /** Commits of the hub's repositories that the run began with, by the addresses in the recipe. */
  commits: z.record(z.string(), z.string()).optional(),
  threads: z.int().positive(),
  /** How far the run goes. */
  goal: z.enum(GOALS).default("report"),
  status: z.enum(["running", "interrupted", "failed", "done"]),
  /** Seconds that each finished phase took since it last began or went on. */
  seconds: z.record(z.string(), z.number()),
  /** Seconds in which the engine waited for samples, of each training. */
  waited: z.record(z.string(), z.number()).default({}),
  /** Whether trainings that other runs finished may be taken over. */
  reuse: z.boolean().default(false),
  /** Phases whose results were taken over; their `seconds` are those of the run that did the work. */
  reused: z.record(z.string(), workOriginSchema).default({}),
  /** Peak resident memory of the process that did a training, up to its end. */
  peakMemoryBytes: z.record(z.string(), z.number()).default({}),
});

/** `run.json`: what a run is, and how far it has come. */
export type RunFile = z.infer<typeof runFileSchema> & {
  readonly results?: TaskResults;
  /** What `distill: auto` chose. */
  readonly autoTerms?: readonly AutoTerms[];
  readonly error?: ErrorRecord | undefined;
  /** Images that could not be decoded and were left out. */
  readonly corrupt?: readonly CorruptFile[];
  readonly environment?: Readonly<Record<string, string>>;
};

/** What was chosen for the main comparison, or for a variant, and why. */
export interface AutoTerms {
  readonly variant: string | null;
  /** As a report names them. */
  readonly terms: readonly string[];
  readonly reasons: readonly string[];
}

function parseLine(line: string): unknown[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

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
  static create(path: string, recipe: Recipe, settings: { threads: number; reuse: boolean; goal: Goal }): RunFolder {
    const folder = new RunFolder(path);
    requireFree(folder.path);
    makeFolder(folder.path);
    rmSync(folder.file("metrics.jsonl"), { force: true });
    const text = recipeText(recipe);
    writeFileAtomic(folder.file("recipe.yaml"), text);
    folder.writeRun({
      ...settings,
      limbeck: limbeckVersion(),
      name: recipe.name,
      createdAt: new Date().toISOString(),
      recipeSha256: sha256(text),
      status: "running",
      seconds: {},
      waited: {},
      reused: {},
      peakMemoryBytes: {},
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
    const { limbeck, recipeSha256, openRecipeSha256 } = folder.readRun();
    requireUnchanged("run", folder, { limbeck, recipes: [recipeSha256, openRecipeSha256] });
    return folder;
  }

  file(...parts: readonly string[]): string {
    return join(this.path, ...parts);
  }

  recipe(): Recipe {
    return readRecipe(this.file("recipe.yaml"));
  }

  /** Puts a recipe whose terms were chosen in the place of the one that left them open. */
  settleRecipe(recipe: Recipe, autoTerms: readonly AutoTerms[]): void {
    this.replaceRecipe(recipe, { autoTerms });
  }

  /** Puts another recipe in the place of the one that lies there. @param changes what else becomes of the run */
  replaceRecipe(recipe: Recipe, changes: Partial<RunFile> = {}): void {
    const text = recipeText(recipe);
    const openRecipeSha256 = sha256(readBytes(this.file("recipe.yaml")));
    this.updateRun({ ...changes, recipeSha256: sha256(text), openRecipeSha256 });
    writeFileAtomic(this.file("recipe.yaml"), text);
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

  /** Records of `metrics.jsonl`; lines that a crash of the machine damaged are left out. */
  #metrics(): unknown[] {
    const path = this.file("metrics.jsonl");
    if (!existsSync(path)) return [];
    return readText(path).split("\n").flatMap(parseLine);
  }

  /** The epochs of each phase, in order; of those that a resumed run repeated, the last counts. */
  epochs(): ReadonlyMap<string, readonly EpochEvent[]> {
    const phases = new Map<string, Map<number, EpochEvent>>();
    for (const event of this.#metrics() as EpochEvent[]) {
      if (event.type !== "epoch") continue;
      const epochs = phases.get(event.phase) ?? new Map();
      phases.set(event.phase, epochs.set(event.epoch, event));
    }
    const inOrder = (epochs: Map<number, EpochEvent>) => [...epochs.values()].sort((a, b) => a.epoch - b.epoch);
    return new Map([...phases].map(([phase, epochs]) => [phase, inOrder(epochs)]));
  }

  /** Cuts off a last line that a killed process did not finish. */
  mendMetrics(): void {
    const path = this.file("metrics.jsonl");
    if (!existsSync(path)) return;
    const bytes = readBytes(path);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) truncateSync(path, end);
  }

  /** Removes what a killed process left half-written. Only for whoever holds the lock. */
  sweep(): void {
    const names = readdirSync(this.path, { recursive: true, encoding: "utf8" });
    for (const name of names) if (name.endsWith(".tmp")) rmSync(this.file(name), { force: true });
  }
}

/** How a folder's work began. */
interface Beginning {
  readonly limbeck: string;
  /** SHA-256 of the recipe, and of others that may lie there. */
  readonly recipes: readonly (string | undefined)[];
}

/**
 * Only what began with the same recipe and version can go on.
 * @throws LimbeckError RUN_INVALID
 */
export function requireUnchanged(
  what: "run" | "search",
  folder: Pick<RunFolder, "path" | "file">,
  { limbeck, recipes }: Beginning,
): void {
  const recipe = folder.file("recipe.yaml");
  if (!recipes.includes(sha256(readBytes(recipe)))) {
    throw new LimbeckError("RUN_INVALID", `the recipe in ${folder.path} was changed after the ${what} began`, {
      where: recipe,
      fix: `Undo the change, or begin a new ${what} with the changed recipe.`,
    });
  }
  if (limbeck === limbeckVersion()) return;
  throw new LimbeckError("RUN_INVALID", `the ${what} was begun with limbeck ${limbeck}, this is ${limbeckVersion()}`, {
    value: limbeck,
    fix: `Resume with the version that began the ${what}: another one need not compute the same.`,
  });
}

/** What a run leaves that failed before it trained anything; a new one may begin there. */
const BEGINNINGS = ["recipe.yaml", "run.json", "search.json", "metrics.jsonl"];

/** Such a file, or one that a killed process was writing. */
function isBeginning(name: string): boolean {
  return BEGINNINGS.some((known) => name === known || (name.startsWith(`${known}.`) && name.endsWith(".tmp")));
}

/** @throws LimbeckError FILE_EXISTS where a folder is there, and holds more than a beginning */
export function requireFree(path: string): void {
  try {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory() && readdirSync(path).every(isBeginning)) return;
  } catch (error) {
    throw toFileError(error, path);
  }
  throw new LimbeckError("FILE_EXISTS", `${path} exists and is not empty`, {
    value: path,
    fix: "Name another folder with --out, or go on with `limbeck resume`.",
  });
}
