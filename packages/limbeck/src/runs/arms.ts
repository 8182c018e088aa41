import type { DistillTerm, Recipe, TrainOptions, TransferOptions, Variant } from "../recipe/schema.js";
import { OFFLINE, type SchemeChoice } from "../recipe/schemes/index.js";
import type { Phase } from "./events.js";

/** A student or a baseline of one comparison, trained once for each seed. */
export interface Arm {
  readonly kind: "student" | "baseline";
  /** Null for the main comparison. */
  readonly variant: Variant | null;
  readonly scheme: SchemeChoice;
  readonly terms: readonly DistillTerm[];
  readonly train: TrainOptions;
  readonly transfer: TransferOptions;
}

/** Hard labels alone: how teachers and baselines are trained. */
export const HARD_LABELS: readonly DistillTerm[] = [{ loss: "cross-entropy", weight: 1, labelSmoothing: 0 }];

/** All arms of a recipe: the main comparison's, then each variant's. */
export function armsOf(recipe: Recipe): Arm[] {
  return [null, ...recipe.variants].flatMap((variant) => {
    const train = { ...recipe.student.train, ...definedOnly(variant?.train ?? {}) } as TrainOptions;
    const transfer = variant?.transfer ?? recipe.data.transfer;
    const shared = { variant, train, transfer };
    const { scheme } = recipe;
    const student: Arm = { ...shared, kind: "student", scheme, terms: variant?.distill ?? recipe.distill };
    const baseline: Arm = { ...shared, kind: "baseline", scheme: OFFLINE, terms: HARD_LABELS };
    const hasBaseline = variant?.baseline ?? recipe.baseline;
    return hasBaseline ? [student, baseline] : [student];
  });
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

/** Whether a run trains a teacher: it may have none, or one from a file. */
export function trainsTeacher({ teacher }: Recipe): boolean {
  return teacher !== undefined && !("onnx" in teacher);
}

export function armId({ kind, variant }: Arm): string {
  return variant ? `${variant.name}/${kind}` : kind;
}

export function phaseId(arm: Arm, seed: number): string {
  return `${armId(arm)}/seed-${seed}`;
}

/** Everything that a run will do, in order. */
export function phasesOf(recipe: Recipe): Phase[] {
  const seeds = seedsOf(recipe);
  const trainings = armsOf(recipe).flatMap((arm) =>
    seeds.map((seed, i) => ({
      id: phaseId(arm, seed),
      label: `${arm.variant ? `${arm.variant.name}: ` : ""}${arm.kind}${seeds.length > 1 ? ` ${i + 1}/${seeds.length}` : ""}`,
    })),
  );
  return [
    ...(trainsTeacher(recipe) ? [{ id: "teacher", label: "teacher" }] : []),
    ...(recipe.teacher ? [{ id: "label", label: "labelling" }] : []),
    ...trainings,
    { id: "evaluate", label: "evaluation" },
  ];
}
