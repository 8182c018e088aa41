import { join } from "node:path";
import { limbeckVersion } from "../runs/versions.js";
import { Interrupted } from "../train/events.js";
import { modelCard } from "./card/card.js";
import { modelFeeds } from "./feeds.js";
import { type FinishedRun, readFinishedRun } from "./finished-run.js";
import { exportedModel } from "./model.js";
import { type Files, Output } from "./output.js";
import { packageFile } from "./package-file.js";
import { missingRuntime, runtimeFiles } from "./playground/files.js";
import { renderPlayground } from "./playground/page.js";
import { preparePush, push } from "./push.js";
import type { PushOptions } from "./push-options.js";
import { modelConfig, preprocessorConfig } from "./transformers.js";
import { chosenVariants } from "./variants/index.js";
import type { Variant } from "./variants/variant.js";
import { wrapperFiles } from "./wrapper-files.js";

export interface ExportOptions {
  /** Folder to write. Default: `export` in the run folder. */
  readonly out?: string | undefined;
  /** Further forms of the student beside single precision, by name. Default: none. */
  readonly variants?: readonly string[] | undefined;
  /** A page on which the student answers in the browser. Default: where onnxruntime-web is installed. */
  readonly playground?: boolean | undefined;
  /** The student's license, as an SPDX identifier. Default: what the recipe's `card` says. */
  readonly license?: string | undefined;
  /** Replace an earlier export. Default false. */
  readonly force?: boolean | undefined;
  /** Also upload the folder to a model repository of the Hugging Face hub. */
  readonly push?: Omit<PushOptions, "signal"> | undefined;
  /** Ends the export between two files; then nothing is written. */
  readonly signal?: AbortSignal | undefined;
}

/** What was written. */
export interface ExportResult {
  readonly folder: string;
  /** Bytes by the names of files in the folder. */
  readonly files: Readonly<Record<string, number>>;
  /** Address of the hub's commit, where it was pushed. */
  readonly pushed?: string;
}

/**
 * Writes the student of a finished run to a folder of its own: all that using it takes, and nothing else of the run.
 * @throws LimbeckError RUN_INVALID where there is no finished run; FILE_EXISTS where the folder holds something; OPTION_INVALID
 * for unknown variants; FILE_MISSING, FILE_UNREADABLE, FILE_UNWRITABLE, DISK_FULL; GraphError MODEL_INVALID for a broken student;
 * PUSH_FAILED where the hub did not take the folder, which is whole then
 */
export async function exportStudent(runDir: string, options: ExportOptions = {}): Promise<ExportResult> {
  const variants = chosenVariants(options.variants ?? []);
  const { signal } = options;
  const hub = options.push && (await preparePush(options.push));
  const finished = readFinishedRun(runDir);
  const output = Output.at(options.out ?? join(finished.path, "export"), options.force ?? false);
  const files = await exportedFiles(finished, variants, options);
  output.write(files, { limbeck: limbeckVersion(), run: finished.recipe.name });
  const result = { folder: output.path, files: sizesOf(files) };
  if (!hub || !options.push) return result;
  const title = `${finished.recipe.name}, exported by limbeck ${limbeckVersion()}`;
  return { ...result, pushed: await push(hub, files, title, { ...options.push, signal }) };
}

async function exportedFiles(
  finished: FinishedRun,
  variants: readonly Variant[],
  { signal, playground, license }: ExportOptions,
): Promise<Files> {
  const { recipe, samples, student } = finished;
  const runtime = playground === false ? undefined : runtimeFiles();
  if (playground && !runtime) throw missingRuntime();
  const model = await exportedModel(student, samples);
  const files = new Map<string, string | Uint8Array>();
  const feeds = (count: number) => modelFeeds(recipe, count, signal ?? new AbortController().signal);
  for (const variant of variants) {
    files.set(variant.file, await variant.make({ model, samples, feeds }));
    if (signal?.aborted) throw new Interrupted();
  }
  files.set("config.json", json(modelConfig(samples, familyOf(recipe.student.model), limbeckVersion())));
  if (samples.kind === "image") files.set("preprocessor_config.json", json(preprocessorConfig(samples)));
  files.set("package.json", json(packageFile(recipe.name, recipe.description)));
  for (const [name, text] of wrapperFiles(samples)) files.set(name, text);
  if (runtime) {
    const models = variants.filter(({ file }) => file.endsWith(".onnx"));
    const { name, description } = recipe;
    files.set("index.html", renderPlayground({ name, description, samples, models, limbeck: limbeckVersion() }));
    for (const [file, content] of runtime) files.set(file, content);
  }
  const card = { finished, license: license ?? recipe.card?.license, variants, files: sizesOf(files) };
  files.set("README.md", modelCard(card));
  return files;
}

/** What a network is called that has no family, because it came from a file. */
function familyOf(model: FinishedRun["recipe"]["student"]["model"]): string {
  return "onnx" in model ? "onnx" : String(model.family);
}

const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

function sizesOf(files: Files): Record<string, number> {
  return Object.fromEntries([...files].map(([name, content]) => [name, Buffer.byteLength(content)]));
}
