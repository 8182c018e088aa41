import { html, type Markup } from "./html.js";

/** The three models of a comparison, each with one color throughout the report. */
export type Arm = "teacher" | "student" | "baseline";

/** Names as they stand in headings and legends. */
export const ARM_NAMES: Readonly<Record<Arm, string>> = {
  teacher: "Teacher",
  student: "Student",
  baseline: "Baseline",
};

/** What each model is, for readers who are new to distillation. @param mentor what the student learns with */
export function armMeaning(arm: Arm, mentor: string): string {
  const meanings: Readonly<Record<Arm, string>> = {
    teacher: "the big model whose answers are imitated",
    student: `the small model, trained with ${mentor}`,
    baseline: `the same small model, trained without ${mentor}`,
  };
  return meanings[arm];
}

/** An arm's name behind a dot of its color. */
export function armName(arm: Arm): Markup {
  return html`<span class="arm ${arm}">${ARM_NAMES[arm]}</span>`;
}
