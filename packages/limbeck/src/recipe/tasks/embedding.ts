import { z } from "zod";
import { ANSWER } from "../../losses/answer-tap.js";
import { losses } from "../../losses/index.js";
import { AUTO } from "../auto.js";
import type { Finding } from "../mixing.js";
import { isMapping } from "../presets/preset.js";
import { OFFLINE } from "../schemes/index.js";
import { isFolder, isTexts } from "../source.js";
import type { Task, Tasked, Terms, Transfer } from "./task.js";

const options = z.strictObject({
  dimensions: z.int().positive().optional().meta({
    description:
      "Numbers of the student's embedding, where those are not as many as the teacher's: it then learns from relations between samples alone (sp, pkt, rkd-distance, rkd-angle). Default: as many, so that it takes the teacher's place.",
  }),
});

/** Vectors in the place of classes: samples need no labels, and a student answers as its teacher does. */
export const embedding: Task<z.infer<typeof options>> = {
  name: "embedding",
  description: "A vector, which is to be the one that the teacher answers with.",
  hasClasses: false,
  withholds: ["labels", "targets", "teacher logits", "linear heads", "input gradients", "same-class pair"],
  options,
  expand: (recipe) => ({
    baseline: false,
    ...recipe,
    distill: onAnswers(recipe.distill ?? [{ loss: "cosine" }]),
    ...(Array.isArray(recipe.variants) ? { variants: recipe.variants.map(variantOnAnswers) } : {}),
  }),
  unfit: (recipe) => [
    ...unfitTeacher(recipe),
    ...unfitModels(recipe),
    ...unfitData(recipe),
    ...unfitVariants(recipe),
    ...autoTerms(recipe),
  ],
};

/** Terms that compare a pair of values and name none compare the answers. */
function onAnswers(terms: unknown): unknown {
  if (!Array.isArray(terms)) return terms;
  return terms.map((term: unknown) => {
    if (!isMapping(term) || term.student !== undefined || term.teacher !== undefined) return term;
    const takesPair = losses.find(({ name }) => name === term.loss)?.needs.includes("features");
    return takesPair ? { ...term, student: ANSWER, teacher: ANSWER } : term;
  });
}

function variantOnAnswers(variant: unknown): unknown {
  return isMapping(variant) && variant.distill !== undefined
    ? { ...variant, distill: onAnswers(variant.distill) }
    : variant;
}

const finding = (message: string, ...path: Finding["path"]): Finding => ({ path, message });

/** There is nobody to learn from but a network that was trained before. */
function unfitTeacher({ teacher, answers, scheme }: Tasked): Finding[] {
  const other =
    scheme.name !== OFFLINE.name ? [finding("embeddings are learned by the offline scheme alone", "scheme")] : [];
  if (!teacher || !("onnx" in teacher)) {
    return [...other, finding("an embedding is learned from an ONNX file: name one as teacher.onnx", "teacher")];
  }
  const given = teacher as Readonly<Record<string, unknown>>;
  const none = (key: "classes" | "answers") =>
    given[key] === undefined ? [] : [finding(`an embedding has no ${key}; leave it out`, "teacher", key)];
  const whole = (key: "top" | "draws") =>
    answers[key] === undefined ? [] : [finding("all numbers of an embedding are needed; leave it out", "answers", key)];
  return [...other, ...none("classes"), ...none("answers"), ...whole("top"), ...whole("draws")];
}

function unfitModels({ assistants, generations, baseline, student: { model } }: Tasked): Finding[] {
  return [
    ...(assistants.length > 0 ? [finding("assistants do not learn embeddings yet; leave them out", "assistants")] : []),
    ...(generations > 1 ? [finding("generations do not learn embeddings yet; leave them out", "generations")] : []),
    ...(baseline
      ? [finding("nothing can be learned without the teacher where there are no classes; leave it out", "baseline")]
      : []),
    ...("head" in model && model.head === "own"
      ? [finding("the file's own answers are not the embedding; use head: linear", "student", "model", "head")]
      : []),
  ];
}

function unfitData({ data: { source, transfer } }: Tasked): Finding[] {
  const message = "no image has a class here: put all of them into folder";
  return [
    ...(isTexts(source) ? [finding("texts are not embedded yet; take the task of classification", "task")] : []),
    ...(isFolder(source) && source.unlabelled !== undefined ? [finding(message, "data", "source", "unlabelled")] : []),
    ...chosenClasses(transfer, "data", "transfer"),
  ];
}

function chosenClasses(transfer: Transfer | undefined, ...path: Finding["path"]): Finding[] {
  const keys = (["only", "without"] as const).filter((key) => transfer?.[key] !== undefined);
  return keys.map((key) => finding("there are no classes to choose; leave it out", ...path, key));
}

function unfitVariants({ variants }: Tasked): Finding[] {
  return variants.flatMap(({ baseline, correctBiases, transfer }, v) => [
    ...(baseline ? [finding("there is no baseline without classes; leave it out", "variants", v, "baseline")] : []),
    ...(correctBiases
      ? [finding("an embedding has no biases of classes; leave it out", "variants", v, "correctBiases")]
      : []),
    ...chosenClasses(transfer, "variants", v, "transfer"),
  ]);
}

function autoTerms({ distill, variants }: Tasked): Finding[] {
  const isAuto = (terms: Terms = []) => terms.some(({ loss }) => loss === AUTO);
  const message = `${AUTO} chooses terms for classes; name terms, such as cosine`;
  return [
    ...(isAuto(distill) ? [finding(message, "distill")] : []),
    ...variants.flatMap(({ distill: own }, v) => (isAuto(own) ? [finding(message, "variants", v, "distill")] : [])),
  ];
}
