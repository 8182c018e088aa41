import type { Recipe } from "../recipe/schema.js";
import { isBlackBox } from "../teachers/black-box/options.js";
import { armsOf, isPretrained, phaseId, pretrainingPhase, seedsOf } from "./arms.js";
import { labelPhase, learnersFrom, linksOf, TEACHER, TEST_ANSWERS, UNLABELLED } from "./chain.js";
import type { Phase } from "./events.js";
import { DOWNLOAD, namesAddresses } from "./fetched.js";
import { type Goal, needsLabels } from "./goals.js";
import { membersOf } from "./members.js";
import { readingOf } from "./reading.js";
import { awaitsLabels } from "./unlabelled.js";

/** Everything that a run will do, in order. */
export function phasesOf(recipe: Recipe, goal: Goal): Phase[] {
  const teacher = membersOf(recipe)
    .filter(({ choice }) => "train" in choice)
    .map(({ phase }) => ({ id: phase, label: phase.replace("/", " ").replace("-", " ") }));
  const downloads = namesAddresses(recipe) ? [{ id: DOWNLOAD, label: DOWNLOAD }] : [];
  return [...downloads, ...readingOf(recipe), ...computedPhases(recipe, goal, teacher)];
}

function computedPhases(recipe: Recipe, goal: Goal, teacher: readonly Phase[]): Phase[] {
  if (goal === "teacher") return [...teacher];
  const labelling = answering(recipe, TEACHER, "labelling");
  if (goal === "labels") return [...teacher, ...labelling];
  const unlabelled = awaitsLabels(recipe) ? [{ id: UNLABELLED, label: "labelling the unlabelled" }] : [];
  const isAsked = recipe.teacher !== undefined && isBlackBox(recipe.teacher);
  const tested = isAsked ? [{ id: TEST_ANSWERS, label: "labelling for tests" }] : [];
  const links = linksOf(recipe).flatMap(({ phase }) => {
    const name = phase.replace("-", " ");
    return [{ id: phase, label: name }, ...answering(recipe, phase, `labelling by ${name}`)];
  });
  return [
    ...teacher,
    ...unlabelled,
    ...labelling,
    ...tested,
    ...links,
    ...trainings(recipe),
    { id: "evaluate", label: "evaluation" },
  ];
}

function answering(recipe: Recipe, phase: string, label: string): Phase[] {
  return needsLabels(learnersFrom(recipe, phase)) ? [{ id: labelPhase(phase), label }] : [];
}

function trainings(recipe: Recipe): Phase[] {
  const seeds = seedsOf(recipe);
  return armsOf(recipe).flatMap((arm) =>
    seeds.flatMap((seed, i) => {
      const label = `${arm.variant ? `${arm.variant.name}: ` : ""}${arm.kind}${seeds.length > 1 ? ` ${i + 1}/${seeds.length}` : ""}`;
      const before = arm.kind === "student" && isPretrained(recipe);
      const pretraining = { id: pretrainingPhase(arm, seed), label: `${label}, no labels` };
      return [...(before ? [pretraining] : []), { id: phaseId(arm, seed), label }];
    }),
  );
}
