import type { Comparison, ModelResult, PeerResult, RunResults, VariantResult } from "../evaluate/results.js";
import { judge } from "../evaluate/verdict.js";
import type { Variant } from "../recipe/schema.js";
import { schemeNamed } from "../recipe/schemes/index.js";
import { Interrupted } from "../train/events.js";
import type { Arm } from "./arms.js";
import type { RunContext, TrainedArm, TrainedTeacher } from "./context.js";
import { correctBiases, type Measured, type MeasuredArm, measureArm, measureTeacher } from "./measure.js";

/** Everything measured, with the answers that the report shows. */
export interface Evaluation {
  readonly results: RunResults;
  readonly teacher: Measured | null;
  readonly student: Measured;
  readonly baseline: Measured | null;
}

/** Measures teacher and arms on the test samples. */
export async function evaluateRun(
  context: RunContext,
  teacher: TrainedTeacher | undefined,
  arms: readonly TrainedArm[],
): Promise<Evaluation> {
  const measuredTeacher = teacher ? await measureTeacher(context, teacher) : null;
  const measured = new Map<Arm, MeasuredArm>();
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
      ...compare(context, student.measured, of("baseline", variant)?.measured),
      corrected: variant.correctBiases
        ? await correctBiases(context, student.trained, student.measured, teacher!.outputs!)
        : null,
    });
  }
  const student = of("student", null)!.measured;
  const baseline = of("baseline", null)?.measured;
  const results = { teacher: measuredTeacher?.result ?? null, ...compare(context, student, baseline), variants };
  return { results, teacher: measuredTeacher, student, baseline: baseline ?? null };
}

function onlyEpochsDiffer({ train, transfer, distill }: Variant): boolean {
  const keys = Object.entries(train).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  return !transfer && !distill && keys.length === 1 && keys[0] === "epochs";
}

function compare({ recipe }: RunContext, student: MeasuredArm, baseline: Measured | undefined): Comparison {
  const { mentor } = schemeNamed(recipe.scheme.name);
  const against = ({ errors }: ModelResult) => (baseline ? judge(errors, baseline.result.errors, mentor) : null);
  const peers = student.peers.map(({ name, family, isTwin, result }): PeerResult => {
    return { name, family, ...result, verdict: isTwin ? against(result) : null };
  });
  return {
    student: student.result,
    baseline: baseline?.result ?? null,
    verdict: against(student.result),
    ...(peers.length > 0 ? { peers } : {}),
  };
}
