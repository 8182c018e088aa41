import { dirname, resolve } from "node:path";
import { z } from "zod";
import { readText } from "../support/files.js";
import { onnxTeacherOptions } from "../teachers/onnx/options.js";
import { RecipeLayers } from "./layers.js";
import { problemsOf } from "./parse.js";
import { recipeError } from "./problem.js";
import { type Recipe, recipeSchema } from "./schema.js";
import { withWholeSource } from "./source-paths.js";
import { tasks } from "./tasks/index.js";

const describe = (description: string) => ({ description });

/** A model is fed as a teacher is; which of its places are the data's classes is told by their numbers. */
const model = onnxTeacherOptions.omit({ sha256: true, classes: true }).extend({
  classes: z
    .array(z.int().min(0))
    .min(2)
    .optional()
    .meta(describe("Which of the output's places are the data's classes, in their order. Default: all.")),
});

/** What an evaluation file says: which data, and which models. */
const evaluationSchema = z.strictObject({
  task: z
    .enum(tasks.map(({ name }) => name))
    .optional()
    .meta(describe("What the models answer with. Default: logits of classes.")),
  data: recipeSchema.shape.data,
  seed: recipeSchema.shape.seed,
  reference: z
    .string()
    .min(1)
    .optional()
    .meta(describe("Model that the others are compared with. Default: the first.")),
  models: z
    .record(z.string().min(1), z.union([z.string().min(1), model]))
    .default({})
    .meta(describe("Models by name: an ONNX file, or a record of it and of what it takes, as of a teacher.")),
});

/** A validated evaluation file, with whole paths. */
export interface EvaluationFile extends Pick<Recipe, "data" | "seed"> {
  readonly task?: string | undefined;
  readonly reference?: string | undefined;
  readonly models: Readonly<Record<string, z.output<typeof model>>>;
}

/** Whether a YAML file is an evaluation file, and not a recipe. */
export function isEvaluationFile(path: string): boolean {
  const { value } = new RecipeLayers(readText(path), path);
  return typeof value === "object" && value !== null && !("student" in value) && !("preset" in value);
}

/**
 * Reads an evaluation file; paths in it are relative to it.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, RECIPE_SYNTAX, RECIPE_INVALID
 */
export function readEvaluationFile(path: string): EvaluationFile {
  const layers = new RecipeLayers(readText(path), path);
  const result = evaluationSchema.safeParse(layers.value);
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => problemsOf(issue, layers, evaluationSchema));
    throw recipeError("RECIPE_INVALID", problems, "docs/evaluate.md tells what an evaluation file takes.");
  }
  const { models, ...whole } = withWholeSource(layers, result.data);
  const named = Object.entries(models).map(([name, model]) => {
    const key = typeof model === "string" ? ["models", name] : ["models", name, "onnx"];
    const options = typeof model === "string" ? { onnx: model } : model;
    return [name, { ...options, onnx: resolve(dirname(layers.placeOf(key).file), options.onnx) }];
  });
  return { ...whole, models: Object.fromEntries(named) };
}
