import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { TypedError } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { variants } from "../export/variants/index.js";
import { QUANTIZED_FORMATS } from "../quantize/formats.js";
import { readRecipe } from "../recipe/parse.js";
import { recipeJsonSchema } from "../recipe/schema.js";
import { type DistillOptions, distill, resume } from "../runs/distill.js";
import { SearchFolder } from "../runs/search/folder.js";
import { resumeSearch, search } from "../runs/search/search.js";
import { limbeckVersion } from "../runs/versions.js";
import { type ErrorRecord, toErrorRecord } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";
import { showDiagnosis } from "./doctor.js";
import { evaluationParts, showEvaluation, taskName } from "./evaluate.js";
import { showExport } from "./export.js";
import { showInspection } from "./inspect.js";
import { showMethods } from "./methods.js";
import { showModels } from "./models.js";
import { showMoments } from "./moments.js";
import { byteCount, milliseconds, share } from "./quantities.js";
import { calibrationMethod, formatName, showQuantization, weightBits } from "./quantize.js";
import { EXIT, printError, showRun } from "./run.js";
import { showSchemes } from "./schemes.js";

const wantsJson = process.argv.includes("--json");

/** Whatever goes wrong, `--json` prints one document. */
function printJsonError(error: ErrorRecord): void {
  process.stdout.write(`${JSON.stringify({ status: "failed", runDir: null, error }, null, 2)}\n`);
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return value;
}

function threadCount(text: string): number {
  const value = positiveInteger(text);
  if (value > availableParallelism()) {
    throw new InvalidArgumentError(`There are ${availableParallelism()} processors.`);
  }
  return value;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}

function dimension(text: string, known: Readonly<Record<string, number>>): Record<string, number> {
  const [, name, size] = /^(.+)=(\d+)$/.exec(text) ?? [];
  if (!name || !Number.isSafeInteger(Number(size))) throw new InvalidArgumentError("Write it as batch=1.");
  return { ...known, [name]: Number(size) };
}

function several(text: string, known: readonly string[]): string[] {
  return [...known, text];
}

function imageSize(text: string): ImageGeometry {
  const [, channels, height, width] = /^(\d+)x(\d+)x(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!channels || !height || !width) throw new InvalidArgumentError("Write channels, height and width as 3x32x32.");
  return { channels, height, width };
}

interface StartOptions extends Pick<DistillOptions, "reuse" | "signal" | "goal"> {
  readonly out?: string | undefined;
  readonly threads?: number | undefined;
  readonly checkpointEvery?: number | undefined;
}

/** Runs the recipe of a file; that it is not right is told as the run's own failure. */
async function* startRun(path: string, { out, threads, checkpointEvery, ...options }: StartOptions) {
  yield* distill(readRecipe(path), {
    ...options,
    ...(out === undefined ? {} : { runDir: out }),
    ...(threads === undefined ? {} : { threads }),
    ...(checkpointEvery === undefined ? {} : { checkpointSeconds: checkpointEvery }),
  });
}

// A reader that has seen enough, as `| head`, must not end a run; nor must a full disk behind a redirection.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const program = new Command("limbeck")
  .description("Knowledge distillation: a big teacher in, a small ONNX student out.")
  .version(limbeckVersion())
  .exitOverride((error) => {
    if (error.exitCode !== 0 && wantsJson) printJsonError({ code: "USAGE", message: error.message });
    process.exit(error.exitCode === 0 ? EXIT.done : EXIT.mistake);
  })
  .configureHelp({ showGlobalOptions: true });

program
  .command("run")
  .description("Run a recipe: train the teacher, distill it, compare, measure, export, report.")
  .argument("<recipe>", "recipe file (YAML)")
  .option("--out <folder>", "run folder; must be new or empty (default: runs/<name>-<time>)")
  .option("--threads <n>", "threads of one operator (default: all processors)", threadCount)
  .option("--checkpoint-every <seconds>", "seconds between checkpoints (default: 15)", positiveNumber)
  .option("--no-reuse", "train everything anew, even what another run has finished")
  .option("--json", "print one JSON document on stdout; progress goes to stderr", false)
  .action(async (path, { json, ...options }) => {
    await showRun((signal) => startRun(path, { ...options, signal }), { json });
  });

program
  .command("search")
  .description("Look for the best student under a budget: a ladder of students, halved round by round.")
  .argument(
    "<recipe>",
    "recipe file (YAML); `search` says which students, the default is a ladder of the student's family",
  )
  .option("--max-size <size>", "largest ONNX file, such as 500KB", byteCount)
  .option("--max-latency <time>", "longest time for one sample on one thread, such as 2ms", milliseconds)
  .option("--min-retention <share>", "smallest share of the teacher's accuracy, such as 0.97", share)
  .option("--out <folder>", "search folder; must be new or empty (default: runs/<name>-search-<time>)")
  .option("--threads <n>", "threads of one operator (default: all processors)", threadCount)
  .option("--json", "print one JSON document on stdout; progress goes to stderr", false)
  .action(async (path, { json, out, threads, maxSize, maxLatency, minRetention }) => {
    const limits = { maxBytes: maxSize, maxLatencyMs: maxLatency, minRetention };
    const options = { limits, ...(out ? { searchDir: out } : {}), ...(threads ? { threads } : {}) };
    await showRun((signal) => search(readRecipe(path), { ...options, signal }), { json });
  });

program
  .command("resume")
  .description("Go on with a run or a search that was stopped or killed; it ends as if it never had been.")
  .argument("<folder>", "run folder, or search folder")
  .option("--checkpoint-every <seconds>", "seconds between checkpoints (default: 15)", positiveNumber)
  .option("--json", "print one JSON document on stdout; progress goes to stderr", false)
  .action(async (folder, { checkpointEvery, json }) => {
    const options = checkpointEvery === undefined ? {} : { checkpointSeconds: checkpointEvery };
    const goOn = SearchFolder.isThere(folder) ? resumeSearch : resume;
    await showRun((signal) => goOn(folder, { ...options, signal }), { json });
  });

const FORMS = variants.map(({ name }) => name).filter((name) => name !== "fp32");

program
  .command("export")
  .description("Write the student of a finished run to a folder of its own, ready for pipelines, browsers and phones.")
  .argument("<run>", "run folder")
  .option("--out <folder>", "folder to write; must be new or empty (default: export, in the run folder)")
  .option(
    "--peer <name>",
    "of several models that learned at once, another than the student, or best: the one with the fewest test errors",
  )
  .option(
    "--variant <name>",
    `another form of the student beside fp32: ${FORMS.join(", ")}; may be repeated`,
    several,
    [],
  )
  .option("--license <name>", "license of the student, for its model card (default: what the recipe says)")
  .option(
    "--playground",
    "ask for the page that runs the student in a browser (default: where onnxruntime-web is installed)",
  )
  .option("--no-playground", "leave that page out, and the runtime of 14 MB that it takes")
  .option("--push <owner/name>", "also upload the folder to the Hugging Face hub; HF_TOKEN has the token")
  .option("--private", "make a new repository of the hub private", false)
  .option("--force", "replace an earlier export", false)
  .option("--json", "print one JSON document on stdout", false)
  .action((run, { variant, ...options }) => showExport(run, { ...options, variants: variant }));

program
  .command("label")
  .description("Have the teacher of a recipe answer all training images, and keep the answers for later runs.")
  .argument("<recipe>", "recipe file (YAML)")
  .option("--out <folder>", "run folder; must be new or empty (default: runs/<name>-labels-<time>)")
  .option("--threads <n>", "threads of one operator (default: all processors)", threadCount)
  .option("--no-reuse", "train and label anew, even what another run has finished")
  .option("--json", "print one JSON document on stdout; progress goes to stderr", false)
  .action(async (path, { json, ...options }) => {
    await showRun((signal) => startRun(path, { ...options, goal: "labels", signal }), { json });
  });

program
  .command("doctor")
  .description("Measure teacher and student of a recipe or run, and say what to change.")
  .argument("<recipe|run>", "recipe file (YAML), whose teacher is trained if no run has it, or run folder")
  .option("--out <folder>", "run folder of a recipe's teacher (default: runs/<name>-teacher-<time>)")
  .option("--threads <n>", "threads of one operator (default: all processors)", threadCount)
  .option("--json", "print one JSON document on stdout; progress goes to stderr", false)
  .action((path, { json, out, threads }) =>
    showDiagnosis(path, {
      json,
      threads,
      start: (signal) => startRun(path, { out, threads, goal: "teacher", signal }),
    }),
  );

program
  .command("evaluate")
  .description(
    "Compare ONNX models on the same samples: quality with intervals, what was forgotten or moved, calibration, cost.",
  )
  .argument(
    "[models...]",
    "ONNX files, as path or name=path; the first may be a run folder, whose models and data are taken, or an evaluation file",
  )
  .option("--data <path>", "samples: recipe or evaluation file (YAML), or run folder; their test part is taken")
  .option("--reference <name>", "model that the others are compared with (default: the first)")
  .option("--task <name>", "embedding, where the models answer with one (default: as the recipe says)", taskName)
  .option("--samples <n>", "ask about this many samples, drawn class by class (default: all)", positiveInteger)
  .option("--skip <parts>", "leave out robustness, cost, or both, separated by a comma", evaluationParts)
  .option("--batch <n>", "samples at once, where throughput is measured (default: 32)", positiveInteger)
  .option("--threads <n>", "threads of one operator (default: all processors)", threadCount)
  .option("--out <folder>", "folder for evaluation.html and evaluation.json (default: the run folder, if one is named)")
  .option("--json", "print one JSON document on stdout; progress goes to stderr", false)
  .action((models, options) =>
    showEvaluation(models, { ...options, data: options.data, task: options.task, out: options.out }),
  );

program
  .command("quantize")
  .description("Make an ONNX model smaller: half precision, 8 or 4 bits; and tell what that changes.")
  .argument("<model>", "ONNX file in float32")
  .requiredOption("--to <format>", `one of ${QUANTIZED_FORMATS.map(({ name }) => name).join(", ")}`, formatName)
  .option("--data <path>", "recipe or run folder: its training samples give ranges, its test samples are compared")
  .option("--samples <n>", "training samples by which ranges are found (default: 128)", positiveInteger)
  .option("--held-out <n>", "test samples that are compared (default: 512)", positiveInteger)
  .option("--method <name>", "how ranges are chosen: minmax, percentile, entropy (default: minmax)", calibrationMethod)
  .option("--percentile <p>", "of the method percentile (default: 99.99)", positiveNumber)
  .option("--exclude <glob...>", "layers that stay as they are")
  .option("--max-drop <share>", "leave the worst layers as they are until no more answers change, such as 0.005", share)
  .option("--reduce-range", "int8 weights in 7 bits, for x86 processors without VNNI", false)
  .option("--no-per-channel", "int8-static: one scale for each weight instead of each output channel")
  .option("--weight-bits <n>", "int8-static: 4 rounds weights to -7 … 7 (default: 8)", weightBits)
  .option("--block <n>", "int4: weights that share a scale (default: 32)", positiveInteger)
  .option("--no-layers", "do not quantize each layer alone to see which hurt")
  .option("--threads <n>", "threads of one operator (default: all processors)", threadCount)
  .option("--report [file]", "write a page with all that was measured (default: beside the quantized model)")
  .option("--out <file>", "the quantized model (default: <model>.<format>.onnx beside it)")
  .option("--force", "write over a file that is there", false)
  .option("--json", "print one JSON document on stdout; progress goes to stderr", false)
  .action((path, { out, report, ...options }) => showQuantization(path, { ...options, out, report }));

program
  .command("moments")
  .description("Measure what may be stored with a teacher of rows: means, quantiles and correlations, no row.")
  .argument("<recipe>", "recipe file (YAML) whose data are a table; its training rows are measured")
  .option("--out <file>", "write them to a file instead of stdout")
  .action((path, { out }) => showMoments(path, out));

program
  .command("inspect")
  .description("Show what an ONNX model is made of: operators, parameters, cost, what can be tapped and trained.")
  .argument("<model>", "ONNX file")
  .option("--dim <name=size>", "size of an open dimension, by symbol or as input[axis]; may be repeated", dimension, {})
  .option("--taps <glob>", "list the values that a loss can look at")
  .option("--trainable <glob>", "list the weights that can be trained")
  .option("--json", "print one JSON document on stdout", false)
  .action((path, { dim, taps, trainable, json }) => showInspection(path, { dims: dim, taps, trainable, json }));

program
  .command("models")
  .description("List the models that a recipe can name, with their size and cost.")
  .option("--input <CxHxW>", "images that the figures are for (default: those that each was made for)", imageSize)
  .option("--classes <n>", "classes that the figures are for (default: likewise)", positiveInteger)
  .option("--markdown", "print the page docs/models.md", false)
  .option("--json", "print one JSON document on stdout", false)
  .action(({ input, classes, markdown, json }) => showModels({ input, classes, markdown, json }));

program
  .command("schema")
  .description("Print the JSON schema of recipes, for editors.")
  .option("--out <file>", "write it to a file instead")
  .action(({ out }) => {
    const text = `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`;
    if (out === undefined) process.stdout.write(text);
    else writeFileAtomic(out, text);
  });

program
  .command("methods")
  .description("List the losses that a student can be taught with, or tell all about one.")
  .argument("[name]", "the method to tell about")
  .option("--markdown", "print the page docs/methods.md", false)
  .option("--json", "print one JSON document on stdout", false)
  .action((name, { markdown, json }) => showMethods({ name, markdown, json }));

program
  .command("schemes")
  .description("List how models and losses can be wired, with what each needs, or tell all about one.")
  .argument("[name]", "the scheme to tell about")
  .option("--markdown", "print the page docs/schemes.md", false)
  .option("--json", "print one JSON document on stdout", false)
  .action((name, { markdown, json }) => showSchemes({ name, markdown, json }));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof TypedError) {
    if (wantsJson) printJsonError(toErrorRecord(error));
    else printError(error);
    process.exitCode = EXIT.mistake;
  } else {
    const { stack, message } = error instanceof Error ? error : new Error(String(error));
    if (wantsJson) printJsonError({ code: "INTERNAL", message });
    const detail = process.env.LIMBECK_DEBUG ? stack : `${message} (LIMBECK_DEBUG=1 shows where)`;
    process.stderr.write(`a fault of limbeck's own: ${detail}\n`);
    process.exitCode = EXIT.fault;
  }
}
