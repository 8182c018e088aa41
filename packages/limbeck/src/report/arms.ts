import type { ReportData } from "./data.js";
import { html, type Markup } from "./html.js";

/** The three models of a comparison, each with one color throughout the report. */
export type Arm = "teacher" | "student" | "baseline";

/** Names as they stand in headings and legends. */
export const ARM_NAMES: Readonly<Record<Arm, string>> = {
  teacher: "Teacher",
  student: "Student",
  baseline: "Baseline",
};

/** What each model is, for readers who are new to distillation. */
export function armMeaning(arm: Arm, { mentor, results }: Pick<ReportData, "mentor" | "results">): string {
  const { trainedOn } = results;
  if (trainedOn?.fromLabels && arm === "baseline") {
    return `the same small model, trained without ${mentor} on ${trainedOn.baseline}`;
  }
  if (trainedOn?.fromLabels && arm === "student" && !results.teacher) {
    return `the small model, which has learned from ${trainedOn.student}`;
  }
  if (trainedOn && arm !== "teacher") {
    const what = arm === "student" ? "the small model" : "the same small model";
    return `${what}, taught by the teacher on ${trainedOn[arm]}`;
  }
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
