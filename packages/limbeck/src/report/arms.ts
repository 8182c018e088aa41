import { html, type Markup } from "./html.js";

/** The three models of a comparison, each with one color throughout the report. */
export type Arm = "teacher" | "student" | "baseline";

/** Names as they stand in headings and legends. */
export const ARM_NAMES: Readonly<Record<Arm, string>> = {
  teacher: "Teacher",
  student: "Student",
  baseline: "Baseline",
};

type Meanings = Readonly<Record<Arm, string>>;

const WITH_TEACHER: Meanings = {
  teacher: "the big model whose answers are imitated",
  student: "the small model, trained on the teacher's answers",
  baseline: "the same small model, trained without the teacher",
};

const ALONE: Meanings = {
  ...WITH_TEACHER,
  student: "the model, trained without a teacher by the losses named above",
  baseline: "the same model, trained on labels alone",
};

/** What each model is, for readers who are new to distillation. */
export function armMeanings(hasTeacher: boolean): Meanings {
  return hasTeacher ? WITH_TEACHER : ALONE;
}

/** An arm's name behind a dot of its color. */
export function armName(arm: Arm): Markup {
  return html`<span class="arm ${arm}">${ARM_NAMES[arm]}</span>`;
}
