import { isAuto } from "../schemes/auto/index.js";
import { needsLiveTeacher, needsTeacher } from "../schemes/needs.js";
import type { Arm } from "./arms.js";
import type { Link } from "./chain.js";

/** How far a run goes: until its teacher is ready, until that has answered, or to the report. */
export const GOALS = ["teacher", "labels", "report"] as const;

export type Goal = (typeof GOALS)[number];

/** Who learns from a teacher: an arm, or a link of the chain. */
export interface Learner extends Pick<Arm, "terms" | "train" | "images"> {
  readonly kind: Arm["kind"] | Link["kind"];
  readonly variant?: Arm["variant"];
}

/** Whether an arm looks answers up: not where terms look inside of the teacher, nor where images change or are made. */
export function usesStoredAnswers({ terms, train, images }: Pick<Arm, "terms" | "train" | "images">): boolean {
  if (train.augment.length > 0 || images) return false;
  return isAuto(terms) || (needsTeacher(terms) && !needsLiveTeacher(terms));
}

/** Whether anybody needs their teacher's answers to the training images as they are. */
export function needsLabels(learners: readonly Learner[]): boolean {
  return learners.some(
    (learner) =>
      usesStoredAnswers(learner) || (learner.kind === "student" && (learner.variant?.correctBiases ?? false)),
  );
}

/** Why nobody needs stored answers, where nobody does. */
export function whyNoLabels(learners: readonly Learner[]): string {
  const students = learners.filter(({ terms }) => needsTeacher(terms));
  if (students.length === 0) return "No student of this recipe has a term on the teacher's answers.";
  const isAugmented = students.some(({ train }) => train.augment.length > 0);
  const isGenerated = students.some(({ images }) => images);
  const isLive = students.some(({ terms }) => needsLiveTeacher(terms));
  const causes = [
    ...(isAugmented ? ["it sees augmented images, and its teacher must see the same"] : []),
    ...(isGenerated ? ["it sees no training image"] : []),
    ...(isLive ? ["its terms look inside of the teacher, which then answers as well"] : []),
  ];
  return `Stored answers would not be used: the student asks its teacher live, because ${causes.join(", or ")}.`;
}
