import type { Comparison, RunResults, VariantResult } from "../evaluate/results.js";
import { judge } from "../evaluate/verdict.js";
import type { Variant } from "../recipe/schema.js";
import { Interrupted } from "../train/events.js";
import type { Arm } from "./arms.js";
import type { RunContext, TrainedArm, TrainedTeachers } from "./context.js";
import { measureHelpers } from "./helpers.js";
import { correctBiases, type Measured, measureArm, measureTeacher } from "./measure.js";

/** Everything measured, with the answers that the report shows. */
export interface Evaluation {
  readonly results: RunResults;
  readonly teacher: Measured;
  readonly student: Measured;
  readonly baseline: Measured | null;
}

/** Measures teacher and arms on the test samples. */
export async function evaluateRun(
  context: RunContext,
  teachers: TrainedTeachers,
  arms: readonly TrainedArm[],
): Promise<Evaluation> {
  const measuredTeacher = await measureTeacher(context, teachers.teacher);
  const measured = new Map<Arm, Measured>();
  for (const trained of arms) {
    if (context.signal.aborted) throw new Interrupted("evaluation was stopped");
    measured.set(trained.arm, await measureArm(context, trained, measuredTeacher));
  }
  const of = (kind: Arm["kind"], variant: Arm["variant"]) => {
    const trained = arms.find(({ arm }) => arm.kind === kind && arm.variant === variant);
    return trained ? { trained, measured: measured.get(trained.arm)! } : undefined;
  };
  const variants: VariantResult[] = [];
  for (const variant of context.recipe.variants) {
    const student = of("student", variant)!;
    const { arm, transfer } = student.trained;
    variants.push({
      name: variant.name,
      description: variant.description,
      epochs: arm.train.epochs,
      transferSize: transfer.indices.length,
      onlyEpochsDiffer: onlyEpochsDiffer(variant) && arm.train.epochs !== context.recipe.student.train.epochs,
      ...compare(student.measured, of("baseline", variant)?.measured),
      corrected: variant.correctBiases
        ? await correctBiases(context, student.trained, student.measured, student.trained.teacher.outputs!)
        : null,
    });
  }
  const student = of("student", null)!.measured;
  const baseline = of("baseline", null)?.measured;
  const helpers = await measureHelpers(context, teachers, arms, measuredTeacher);
  const results = { teacher: measuredTeacher.result, helpers, ...compare(student, baseline), variants };
  return { results, teacher: measuredTeacher, student, baseline: baseline ?? null };
}

function onlyEpochsDiffer({ train, transfer, distill }: Variant): boolean {
  const keys = Object.entries(train).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  return !transfer && !distill && keys.length === 1 && keys[0] === "epochs";
}

function compare(student: Measured, baseline: Measured | undefined): Comparison {
  return {
    student: student.result,
    baseline: baseline?.result ?? null,
    verdict: baseline ? judge(student.result.errors, baseline.result.errors) : null,
  };
}
