import type { RunResults, TaskResults } from "../evaluate/results.js";
import type { Recipe } from "../recipe/schema.js";
import { type RunFile, RunFolder } from "../runs/folder.js";
import type { SampleFacts } from "../runs/sample-facts.js";
import { SearchFolder } from "../runs/search/folder.js";
import { LimbeckError } from "../support/errors.js";
import { readModelFile } from "../support/model-file.js";

/** What an export is made from. */
export interface FinishedRun<Results = RunResults> {
  readonly path: string;
  readonly run: RunFile;
  readonly recipe: Recipe;
  readonly samples: SampleFacts;
  readonly results: Results;
  /** What the student's network is called; one that has no family came from a file. */
  readonly family: string;
  /** `student.onnx`, which takes `images` and answers `logits`. */
  readonly student: Uint8Array;
  /** Where one of several models that learned at once was asked for. */
  readonly peer?: ExportedPeer;
}

/** Which of several models that learned at once is exported. */
export interface ExportedPeer {
  readonly name: string;
  /** Where it was chosen for its test errors: among how many. */
  readonly chosenAmong?: number;
}

/**
 * Reads a run that is over.
 * @throws LimbeckError RUN_INVALID where it is no run, or not over; FILE_MISSING, FILE_UNREADABLE without its student
 */
export function readFinishedRun(path: string): FinishedRun<TaskResults> {
  if (SearchFolder.isThere(path)) {
    throw new LimbeckError("RUN_INVALID", `${path} is the folder of a search, not of one run`, {
      value: path,
      fix: "Name the run inside of it that the search took; its last lines say which.",
    });
  }
  const folder = RunFolder.open(path);
  const run = folder.readRun();
  const { results, samples } = run;
  if (run.status !== "done" || !results) throw notOver(folder.path, run);
  if (!samples) {
    throw new LimbeckError("RUN_INVALID", `${folder.path} does not record what its student takes`, {
      where: folder.file("run.json"),
      fix: "`limbeck resume` adds it, and trains nothing anew.",
    });
  }
  const student = readModelFile(folder.file("student.onnx")).bytes;
  const recipe = folder.recipe();
  const { model } = recipe.student;
  const family = "onnx" in model ? "onnx" : String(model.family);
  return { path: folder.path, run, recipe, samples, results, family, student };
}

function notOver(path: string, { status, goal }: RunFile): LimbeckError {
  if (status === "done") {
    return new LimbeckError("RUN_INVALID", `${path} has no student: the run went as far as its ${goal}`, {
      value: goal,
      fix: "Run the recipe with `limbeck run`: it takes over what is there.",
    });
  }
  return new LimbeckError("RUN_INVALID", `${path} is not over: it is ${status}`, {
    value: status,
    fix: "Go on with `limbeck resume`.",
  });
}
