import type { Comparison, RunResults, VariantResult } from "../evaluate/results.js";
import { judge } from "../evaluate/verdict.js";
import type { Variant } from "../recipe/schema.js";
import { needsTeacher } from "../schemes/needs.js";
import { Interrupted } from "../train/events.js";
import type { Arm } from "./arms.js";
import type { RunContext, TrainedArm, TrainedTeachers } from "./context.js";
import { measureHelpers } from "./helpers.js";
import { correctBiases, type Measured, measureArm, measureTeacher } from "./measure.js";

/** Everything measured, with the answers that the report shows. */
export interface Evaluation {
  readonly results: RunResults;
  /** Null where no term asks for one. */
  readonly teacher: Measured | null;
  readonly student: Measured;
  readonly baseline: Measured | null;
}

/** Measures teacher and arms on the test samples. */
export async function evaluateRun(
  context: RunContext,
  teachers: TrainedTeachers,
  arms: readonly TrainedArm[],
): Promise<Evaluation> {
  const measuredTeacher = teachers.teacher && (await measureTeacher(context, teachers.teacher));
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
      ...compare(student, of("baseline", variant)),
      corrected: variant.correctBiases
        ? await correctBiases(context, student.trained, student.measured, student.trained.teacher!.outputs!)
        : null,
    });
  }
  const student = of("student", null)!;
  const baseline = of("baseline", null);
  const helpers = measuredTeacher ? await measureHelpers(context, teachers, arms, measuredTeacher) : [];
  const results = { teacher: measuredTeacher?.result ?? null, helpers, ...compare(student, baseline), variants };
  return {
    results,
    teacher: measuredTeacher ?? null,
    student: student.measured,
    baseline: baseline?.measured ?? null,
  };
}

function onlyEpochsDiffer({ train, transfer, distill }: Variant): boolean {
  const keys = Object.entries(train).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  return !transfer && !distill && keys.length === 1 && keys[0] === "epochs";
}

interface MeasuredArm {
  readonly trained: TrainedArm;
  readonly measured: Measured;
}

function compare({ measured, trained }: MeasuredArm, baseline: MeasuredArm | undefined): Comparison {
  const student = measured.result;
  const other = baseline?.measured.result ?? null;
  return {
    student,
    baseline: other,
    verdict: other && judge(student.errors, other.errors, whatHelped(trained.arm)),
  };
}

/** What the student has, and the baseline has not. */
function whatHelped({ terms }: Arm): string {
  return needsTeacher(terms) ? "the teacher" : terms.map(({ loss }) => loss).join(" + ");
}
