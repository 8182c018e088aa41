import { isAuto } from "../schemes/auto/index.js";
import { needsLiveTeacher, needsTeacher } from "../schemes/needs.js";
import type { Arm } from "./arms.js";

/** How far a run goes: until its teacher is ready, until that has answered, or to the report. */
export const GOALS = ["teacher", "labels", "report"] as const;

export type Goal = (typeof GOALS)[number];

type Answered = Pick<Arm, "kind" | "terms" | "train" | "variant">;

/** Whether an arm looks answers up: not where terms look inside of the teacher, nor where images change. */
export function usesStoredAnswers({ terms, train }: Pick<Arm, "terms" | "train">): boolean {
  if (train.augment.length > 0) return false;
  return isAuto(terms) || (needsTeacher(terms) && !needsLiveTeacher(terms));
}

/** Whether any arm needs the teacher's answers to the training images as they are. */
export function needsLabels(arms: readonly Answered[]): boolean {
  return arms.some(
    (arm) => usesStoredAnswers(arm) || (arm.kind === "student" && (arm.variant?.correctBiases ?? false)),
  );
}

/** Why no arm needs stored answers, where none does. */
export function whyNoLabels(arms: readonly Answered[]): string {
  const students = arms.filter(({ kind, terms }) => kind === "student" && needsTeacher(terms));
  if (students.length === 0) return "No student of this recipe has a term on the teacher's answers.";
  const isAugmented = students.some(({ train }) => train.augment.length > 0);
  const isLive = students.some(({ terms }) => needsLiveTeacher(terms));
  const causes = [
    ...(isAugmented ? ["it sees augmented images, and its teacher must see the same"] : []),
    ...(isLive ? ["its terms look inside of the teacher, which then answers as well"] : []),
  ];
  return `Stored answers would not be used: the student asks its teacher live, because ${causes.join(", or ")}.`;
}
