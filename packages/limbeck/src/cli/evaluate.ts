import { existsSync } from "node:fs";
import { relative } from "node:path";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { areEmbedded, type EmbeddingEvaluation } from "../evaluate/embedding/evaluation.js";
import { EVALUATION_PARTS, type Evaluation, type EvaluationPart } from "../evaluate/evaluation.js";
import { tasks } from "../recipe/tasks/index.js";
import { type EvaluateOptions, evaluateSamples } from "../runs/evaluate/evaluate.js";
import { writeEvaluation } from "../runs/evaluate/report.js";
import type { ModelToEvaluate } from "../runs/evaluate/subject.js";
import { LimbeckError } from "../support/errors.js";
import { isFolder } from "../support/files.js";
import { embeddingEvaluationText, evaluationText } from "./evaluation-text.js";
import { watched } from "./watched.js";

export interface EvaluateCommand extends Omit<EvaluateOptions, "data" | "models" | "signal" | "onEvent"> {
  readonly data: string | undefined;
  /** What the models answer with. */
  readonly task: string | undefined;
  readonly out: string | undefined;
  readonly json: boolean;
}

/** Parts that are left out, of `robustness,cost`. */
export function evaluationParts(text: string): EvaluationPart[] {
  return text.split(",").map((name) => {
    const part = EVALUATION_PARTS.find((known) => known === name.trim());
    if (part) return part;
    throw new InvalidArgumentError(`It takes ${EVALUATION_PARTS.join(" and ")}, separated by commas.`);
  });
}

/** What models answer with. */
export function taskName(text: string): string {
  const names = tasks.map(({ name }) => name);
  if (names.includes(text)) return text;
  throw new InvalidArgumentError(`It takes ${names.join(" or ")}.`);
}

/**
 * Compares models, prints a table or a JSON document, and writes a report into the run folder or the one that was named.
 * @param named models, the first of which may be a run folder or an evaluation file
 * @throws LimbeckError as `evaluateModels` does
 */
export async function showEvaluation(
  named: readonly string[],
  { data: given, out, json, ...options }: EvaluateCommand,
): Promise<void> {
  const { data, models } = told(named, given);
  const folder = out ?? (isFolder(data) ? data : undefined);
  const found = await watched(json, async (watching) => {
    const samples = await evaluateSamples({ ...options, data, models, ...watching });
    return { ...samples, report: folder === undefined ? undefined : await writeEvaluation(folder, samples) };
  });
  if (!found) return;
  const { evaluation, report } = found;
  const document = { status: "done", ...(report ? { report } : {}), evaluation };
  if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else process.stdout.write(`${textOf(evaluation)}\n\n${whereText(report)}\n`);
}

function textOf(evaluation: Evaluation | EmbeddingEvaluation): string {
  const { columns } = process.stdout;
  return areEmbedded(evaluation) ? embeddingEvaluationText(evaluation, columns) : evaluationText(evaluation, columns);
}

function whereText(report: string | undefined): string {
  if (report === undefined) return "--out <folder> writes this as a report, evaluation.html, with pictures.";
  return `report   ${relative(process.cwd(), report)}`;
}

/** A run folder or evaluation file among the models says what the data are. */
function told(named: readonly string[], given: string | undefined): { data: string; models: ModelToEvaluate[] } {
  const [first, ...rest] = named;
  const isSubject = first !== undefined && (isFolder(first) || /\.ya?ml$/i.test(first));
  const data = given ?? (isSubject ? first : undefined);
  if (data === undefined) {
    // Whoever mistypes the path of a run folder is not helped by hearing of options.
    if (first !== undefined && !existsSync(pathOf(modelOf(first)))) throw missing(first);
    throw new LimbeckError("OPTION_INVALID", "nothing says which samples to ask the models about", {
      fix: "Name a recipe, an evaluation file or a run folder: --data recipe.yaml.",
    });
  }
  if (given !== undefined && isSubject) {
    throw new LimbeckError("OPTION_INVALID", `both ${first} and --data ${given} say which samples to take`, {
      value: first,
      fix: "Name the models of a run folder by their files, or leave out --data.",
    });
  }
  return { data, models: (isSubject ? rest : named).map(modelOf) };
}

/** `file.onnx`, or `name=file.onnx`; a file whose own name has such a sign is taken as it is. */
function modelOf(text: string): ModelToEvaluate {
  const [, name, onnx] = existsSync(text) ? [] : (/^([^=/\\]+)=(.+)$/.exec(text) ?? []);
  return name && onnx ? { name, onnx } : text;
}

function pathOf(model: ModelToEvaluate): string {
  return typeof model === "string" ? model : model.onnx;
}

function missing(path: string): LimbeckError {
  return new LimbeckError("FILE_MISSING", `${path} does not exist`, {
    value: path,
    where: path,
    fix: "Check the path.",
  });
}
