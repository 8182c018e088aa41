import { join } from "node:path";
import { areEmbeddings, type TaskResults } from "../evaluate/results.js";
import { limbeckVersion } from "../runs/versions.js";
import { modelCard } from "./card/card.js";
import { embedderFiles } from "./embedder-files.js";
import { json, modelFiles, sizesOf } from "./files.js";
import { type FinishedRun, readFinishedRun } from "./finished-run.js";
import type { ExportOptions } from "./options.js";
import { type Files, Output } from "./output.js";
import { packageFile } from "./package-file.js";
import { withPeer } from "./peer.js";
import { missingRuntime, runtimeFiles } from "./playground/files.js";
import { renderPlayground } from "./playground/page.js";
import { preparePush, push } from "./push.js";
import { byteTokenizer, tokenizerConfig } from "./tokenizer.js";
import { modelConfig, preprocessorConfig } from "./transformers.js";
import { chosenVariants } from "./variants/index.js";
import type { Variant } from "./variants/variant.js";
import { wrapperFiles } from "./wrapper-files.js";

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
 * for unknown variants and peers; FILE_MISSING, FILE_UNREADABLE, FILE_UNWRITABLE, DISK_FULL; GraphError MODEL_INVALID for a broken student;
 * PUSH_FAILED where the hub did not take the folder, which is whole then
 */
export async function exportStudent(runDir: string, options: ExportOptions = {}): Promise<ExportResult> {
  const variants = chosenVariants(options.variants ?? []);
  const { signal } = options;
  const hub = options.push && (await preparePush(options.push));
  const finished = withPeer(readFinishedRun(runDir), options.peer);
  const output = Output.at(options.out ?? join(finished.path, "export"), options.force ?? false);
  const files = await exportedFiles(finished, variants, options);
  output.write(files, { limbeck: limbeckVersion(), run: finished.recipe.name });
  const result = { folder: output.path, files: sizesOf(files) };
  if (!hub || !options.push) return result;
  const title = `${finished.recipe.name}, exported by limbeck ${limbeckVersion()}`;
  return { ...result, pushed: await push(hub, files, title, { ...options.push, signal }) };
}

/** Results decide what there is to export beside the model. */
function exportedFiles(
  { results, ...finished }: FinishedRun<TaskResults>,
  variants: readonly Variant[],
  options: ExportOptions,
): Promise<Files> {
  return areEmbeddings(results)
    ? embedderFiles({ ...finished, results }, variants, options)
    : classifierFiles({ ...finished, results }, variants, options);
}

async function classifierFiles(
  finished: FinishedRun,
  variants: readonly Variant[],
  { signal, playground, license }: ExportOptions,
): Promise<Files> {
  const { recipe, samples, family } = finished;
  const runtime = playground === false ? undefined : runtimeFiles();
  if (playground && !runtime) throw missingRuntime();
  const files = await modelFiles(finished, variants, { signal });
  files.set("config.json", json(modelConfig(samples, family, limbeckVersion())));
  if (samples.text) {
    files.set("tokenizer.json", json(byteTokenizer(samples.text)));
    files.set("tokenizer_config.json", json(tokenizerConfig(samples.text)));
  }
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
