import type { InitialOptions } from "../imported/initial-options.js";
import type { DistillTerm, ModelOptions, Recipe, TrainOptions } from "../recipe/schema.js";
import { armsOf, isTaughtByChain } from "./arms.js";
import type { Learner } from "./goals.js";
import { helperSeed, membersOf } from "./members.js";

/** A network between teacher and student: it learns from the one before, and the next learns from it. */
export interface Link {
  readonly kind: "assistant" | "generation";
  /** Names its training and files: `assistant-1`, `generation-1`. */
  readonly phase: string;
  /** Keys down to it in the recipe. */
  readonly where: string;
  readonly model: ModelOptions;
  readonly train: TrainOptions;
  readonly terms: readonly DistillTerm[];
  readonly seed: number;
  /** Whose numbers it starts from; missing where its seed draws them. */
  readonly initial?: InitialOptions | undefined;
}

/** The chain from teacher to student: assistants, then all generations but the last, which is the student. */
export function linksOf(recipe: Recipe): Link[] {
  const { assistants, generations, student, distill, seed } = recipe;
  const members = membersOf(recipe).length;
  const seedOf = (place: number) => helperSeed(seed, members + place);
  const helpers = assistants.map((assistant, i): Link => {
    return {
      kind: "assistant",
      phase: `assistant-${i + 1}`,
      where: `assistants[${i}]`,
      model: assistant.model,
      train: assistant.train ?? student.train,
      terms: assistant.distill ?? distill,
      seed: seedOf(i),
    };
  });
  const earlier = Array.from({ length: generations - 1 }, (_, i): Link => {
    return {
      kind: "generation",
      phase: `generation-${i + 1}`,
      where: "generations",
      model: student.model,
      train: student.train,
      terms: distill,
      seed: seedOf(assistants.length + i),
      initial: student.initial,
    };
  });
  return [...helpers, ...earlier];
}

/** The phase of the teacher at the head of the chain. */
export const TEACHER = "teacher";

/** The phase in which a black box answers the test samples. */
export const TEST_ANSWERS = "label-test";

/** The phase in which a teacher that the run has trained labels what nobody else has. */
export const UNLABELLED = "label-unlabelled";

/** Who learns from the teacher, or from a link of the chain. */
export function learnersFrom(recipe: Recipe, phase: string): Learner[] {
  if (!recipe.teacher) return [];
  const links = linksOf(recipe);
  const place = links.findIndex((link) => link.phase === phase);
  const next = links[place + 1];
  const arms = armsOf(recipe).filter((arm) => (isTaughtByChain(arm) ? !next : place < 0));
  return next ? [next, ...arms] : arms;
}

/** The phase in which a teacher or a link answers the training samples. */
export function labelPhase(phase: string): string {
  return phase === TEACHER ? "label" : `${phase}/label`;
}
