import type { Compression } from "../compress/index.js";
import type { InitialOptions } from "../imported/initial-options.js";
import type { DistillTerm, Recipe, TrainOptions, TransferOptions, Variant } from "../recipe/schema.js";
import { RELATED_DATA } from "../recipe/schemes/data-free.js";
import { OFFLINE, type SchemeChoice, schemeNamed } from "../recipe/schemes/index.js";

/** What an arm sees where no training image is: what a generator makes, or in its place noise, or other real images. */
export type ArmImages = "generated" | "noise" | "related";

/** A student or a baseline of one comparison, trained once for each seed. */
export interface Arm {
  readonly kind: "student" | "baseline";
  /** Null for the main comparison. */
  readonly variant: Variant | null;
  readonly scheme: SchemeChoice;
  readonly terms: readonly DistillTerm[];
  readonly train: TrainOptions;
  readonly transfer: TransferOptions;
  /** What makes it smaller while it learns. */
  readonly compression: Compression;
  /** Whose numbers it starts from; missing where its seed draws them. */
  readonly initial?: InitialOptions | undefined;
  /** How many labels of the transfer set are known. Default: all that there are. */
  readonly labels?: number | undefined;
  /** Default: the transfer set. */
  readonly images?: ArmImages;
}

/** Whether an arm learns from the last of a chain of assistants, where there is one, or from the teacher itself. */
export function isTaughtByChain({ variant }: Pick<Arm, "variant">): boolean {
  return variant?.assistants !== false;
}

const PRETRAINING = "/pretraining";

/** Hard labels alone: how teachers and baselines are trained. */
export const HARD_LABELS: readonly DistillTerm[] = [{ loss: "cross-entropy", weight: 1, labelSmoothing: 0 }];

/** All arms of a recipe: the main comparison's, then each variant's. */
export function armsOf(recipe: Recipe): Arm[] {
  return [null, ...variantsOf(recipe)].flatMap((variant) => {
    const train = { ...recipe.student.train, ...definedOnly(variant?.train ?? {}) } as TrainOptions;
    const transfer = variant?.transfer ?? recipe.data.transfer;
    const initial = variant?.initial === false ? undefined : recipe.student.initial;
    const compression = compressionOf(recipe, variant);
    const { scheme } = recipe;
    const labels = scheme.labels as number | undefined;
    const shared = { variant, train, transfer, initial, labels, compression };
    const student: Arm = { ...shared, kind: "student", scheme, terms: variant?.distill ?? recipe.distill };
    if (isDataFree(recipe)) return dataFreeArms(student);
    const baseline: Arm = { ...shared, kind: "baseline", scheme: OFFLINE, terms: HARD_LABELS };
    const hasBaseline = variant?.baseline ?? recipe.baseline;
    return hasBaseline ? [student, baseline] : [student];
  });
}

function compressionOf({ student }: Recipe, variant: Variant | null): Compression {
  const { quantize = student.quantize, prune = student.prune } = variant ?? {};
  return { quantize: quantize || undefined, prune: prune || undefined };
}

/** Whether students of a recipe see no training image. */
export function isDataFree({ scheme }: Pick<Recipe, "scheme">): boolean {
  return schemeNamed(scheme.name).images === "generated";
}

/** Whether students of a recipe learn without labels before they learn with them. */
export function isPretrained({ scheme }: Pick<Recipe, "scheme">): boolean {
  return schemeNamed(scheme.name).pretrains === true;
}

/** The student, and in place of a baseline that learns from labels the same student on noise. */
function dataFreeArms(student: Arm): Arm[] {
  if (student.variant?.name === RELATED_DATA) return [{ ...student, images: "related" }];
  const baseline: Arm = { ...student, kind: "baseline", images: "noise" };
  return [{ ...student, images: "generated" }, ...(student.variant?.baseline === false ? [] : [baseline])];
}

/** The variants that a recipe names, and the control with related images where its scheme asks for it. */
export function variantsOf({ variants, scheme }: Pick<Recipe, "variants" | "scheme">): Variant[] {
  const { related } = scheme;
  if (related === undefined) return variants;
  const description = `Real images of ${related} in place of generated ones, with the teacher's answers.`;
  return [...variants, { name: RELATED_DATA, description, train: {}, baseline: false, correctBiases: false }];
}

function definedOnly(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/**
 * The seeds of students and baselines: the same for both, so that a pair starts from the same weights. The recipe's own
 * seed is the teacher's: no student may start from a part of its weights.
 */
export function seedsOf(recipe: Recipe): number[] {
  return Array.from({ length: recipe.seeds }, (_, i) => recipe.seed + 1 + i);
}

export function armId({ kind, variant }: Arm): string {
  return variant ? `${variant.name}/${kind}` : kind;
}

export function phaseId(arm: Arm, seed: number): string {
  return `${armId(arm)}/seed-${seed}`;
}

/** The phase in which a seed of an arm learns without labels. */
export function pretrainingPhase(arm: Arm, seed: number): string {
  return phaseId(arm, seed) + PRETRAINING;
}

/** Whether a phase is of that kind. */
export function isPretraining(phase: string): boolean {
  return phase.endsWith(PRETRAINING);
}
