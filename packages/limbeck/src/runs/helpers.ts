import type { HelperResult } from "../evaluate/results.js";
import { toOnnxModel } from "../models/inference.js";
import { writeFileAtomic } from "../support/files.js";
import { ensembleModel, ensembleValues } from "../teachers/ensemble/model.js";
import { Interrupted } from "../train/events.js";
import type { RunContext, TrainedArm, TrainedTeacher, TrainedTeachers } from "./context.js";
import { type MeasuredTeacher, measureHelper } from "./measure.js";
import { samplesOf } from "./samples.js";

const GENERATIONS = "generations";

interface Helper extends Pick<TrainedTeacher, "file" | "model">, Pick<HelperResult, "name" | "kind"> {
  /** Classes on whose samples alone it is measured. */
  readonly owns?: readonly number[] | undefined;
}

/** Measures members of the teacher, every link of the chain, and all generations together. */
export async function measureHelpers(
  context: RunContext,
  teachers: TrainedTeachers,
  arms: readonly TrainedArm[],
  teacher: MeasuredTeacher,
): Promise<HelperResult[]> {
  const members = context.teacher?.members ?? [];
  const together = generationsTogether(context, teachers, arms);
  const helpers: Helper[] = [
    ...teachers.members.map((ready, i): Helper => {
      const { phase, owns } = members[i]!;
      return { ...ready, name: phase, kind: owns ? "specialist" : "member", owns };
    }),
    ...teachers.links.map(({ link, trained }): Helper => ({ ...trained, name: link.phase, kind: link.kind })),
    ...(together ? [{ ...together, name: GENERATIONS, kind: "generations" as const }] : []),
  ];
  const results: HelperResult[] = [];
  for (const { name, kind, owns, ...helper } of helpers) {
    if (context.signal.aborted) throw new Interrupted("evaluation was stopped");
    const result = owns
      ? await measureHelper({ ...context, samples: samplesOf(context.samples, owns) }, name, helper, null)
      : await measureHelper(context, name, helper, teacher);
    results.push({ name, kind, result });
  }
  return results;
}

/** The ensemble of all generations, the student's first seed included (Furlanello et al. 2018); written as `generations.onnx`. */
function generationsTogether(context: RunContext, { links }: TrainedTeachers, arms: readonly TrainedArm[]) {
  const earlier = links.filter(({ link }) => link.kind === "generation").map(({ trained }) => trained);
  const student = arms.find(({ arm }) => arm.kind === "student" && arm.variant === null);
  if (earlier.length === 0 || !student) return undefined;
  const all = [...earlier, { model: student.model, parameters: student.seeds[0]!.parameters }];
  const model = ensembleModel(
    all.map((generation) => generation.model),
    { combine: "mean", temperature: 1 },
  );
  const values = ensembleValues(all.map(({ parameters }) => parameters));
  const file = toOnnxModel(model, student.transfer.dataset, values);
  writeFileAtomic(context.folder.file(`${GENERATIONS}.onnx`), file);
  return { model, file };
}
