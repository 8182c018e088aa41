import type { Comparison, ModelResult, PeerResult, RunResults, VariantResult } from "../evaluate/results.js";
import { judge } from "../evaluate/verdict.js";
import type { Variant } from "../recipe/schema.js";
import type { GeneratedSamples } from "../report/data.js";
import { Interrupted } from "../train/events.js";
import type { Arm } from "./arms.js";
import type { RunContext, TrainedArm, TrainedTeachers } from "./context.js";
import { dataQuality } from "./data-quality.js";
import { generatedSamples } from "./generated.js";
import { measureHelpers } from "./helpers.js";
import {
  correctBiases,
  type Measured,
  type MeasuredArm,
  type MeasuredTeacher,
  measureArm,
  measureTeacher,
} from "./measure.js";
import { mentorOf } from "./mentor.js";
import { trainedOn } from "./trained-on.js";

/** Everything measured, with the answers that the report shows. */
export interface Evaluation {
  readonly results: RunResults;
  /** Null where the recipe has none. */
  readonly teacher: MeasuredTeacher | null;
  readonly student: Measured;
  readonly baseline: Measured | null;
  /** Of a data-free scheme. */
  readonly generated?: GeneratedSamples | undefined;
}

/** Measures teacher and arms on the test samples. */
export async function evaluateRun(
  context: RunContext,
  teachers: TrainedTeachers,
  arms: readonly TrainedArm[],
): Promise<Evaluation> {
  const measuredTeacher = teachers.teacher ? await measureTeacher(context, teachers.teacher) : null;
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
  for (const { arm } of arms.filter(({ arm }) => arm.kind === "student" && arm.variant)) {
    const variant = arm.variant!;
    const student = of("student", variant)!;
    variants.push({
      name: variant.name,
      description: variant.description,
      epochs: arm.train.epochs,
      transferSize: transferSize(context, student.trained),
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
  const saw = trainedOn(context);
  const results: RunResults = {
    teacher: measuredTeacher?.result ?? null,
    helpers,
    ...compare(student, baseline),
    variants,
    ...(saw ? { trainedOn: saw } : {}),
    data: await dataQuality(context, teachers.teacher, measuredTeacher?.logits[0]),
  };
  return {
    results,
    teacher: measuredTeacher,
    student: student.measured,
    baseline: baseline?.measured ?? null,
    generated: await generatedSamples(context, student.trained, teachers.teacher),
  };
}

/** How many images an arm had to learn from. */
function transferSize({ samples }: RunContext, { arm, transfer }: TrainedArm): number {
  if (arm.images === "related") return samples.related!.indices.length;
  return arm.images ? 0 : transfer.indices.length;
}

function onlyEpochsDiffer({ train, transfer, distill }: Variant): boolean {
  const keys = Object.entries(train).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  return !transfer && !distill && keys.length === 1 && keys[0] === "epochs";
}

interface JudgedArm {
  readonly trained: TrainedArm;
  readonly measured: MeasuredArm;
}

function compare({ measured, trained }: JudgedArm, baseline: JudgedArm | undefined): Comparison {
  const mentor = mentorOf(trained.arm);
  const against = ({ errors }: ModelResult) =>
    baseline ? judge(errors, baseline.measured.result.errors, mentor) : null;
  const peers = measured.peers.map(({ name, family, isTwin, result }): PeerResult => {
    return { name, family, ...result, verdict: isTwin ? against(result) : null };
  });
  return {
    student: measured.result,
    baseline: baseline?.measured.result ?? null,
    verdict: against(measured.result),
    ...(peers.length > 0 ? { peers } : {}),
    ...(measured.exits ? { exits: measured.exits } : {}),
    ...(measured.features ? { features: measured.features } : {}),
  };
}
