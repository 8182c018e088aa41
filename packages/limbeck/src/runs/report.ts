import { basename } from "node:path";
import { type Split, splitLabels } from "../data/dataset.js";
import { areBytes, sampleAt } from "../data/samples/samples.js";
import { excerpt } from "../data/texts/excerpt.js";
import { confusionMatrix, softmaxRow, topClasses } from "../evaluate/metrics.js";
import type { Curve, DarkKnowledgeSample, ReportData, ReportFacts } from "../report/data.js";
import { readText } from "../support/files.js";
import { type FunctionTeacherOptions, type HttpTeacherOptions, isBlackBox } from "../teachers/black-box/options.js";
import { armsOf, isDataFree, phaseId, seedsOf } from "./arms.js";
import type { RunContext } from "./context.js";
import { describeTerms } from "./describe-terms.js";
import type { Evaluation } from "./evaluation.js";
import type { RunFile, RunFolder } from "./folder.js";
import type { Measured } from "./measure.js";
import { membersOf } from "./members.js";
import { mentorOf } from "./mentor.js";
import { drawTransferSet } from "./samples.js";

const SAMPLES = 10;
const DEFAULT_TEMPERATURE = 4;

/** What a report says of a run, whatever was measured. */
export function reportFacts(context: RunContext): ReportFacts {
  const { recipe, folder, samples } = context;
  const run = folder.readRun();
  return {
    name: recipe.name,
    description: recipe.description,
    createdAt: run.createdAt,
    seconds: Object.values(run.seconds).reduce((a, b) => a + b, 0),
    waited: waitedShare(run),
    reused: Object.entries(run.reused).map(([phase, { run: path, seconds }]) => ({
      phase,
      run: basename(path),
      seconds,
    })),
    recipe: readText(folder.file("recipe.yaml")),
    teachers: membersOf(recipe).flatMap(({ choice, where }) =>
      "onnx" in choice
        ? [{ file: basename(choice.onnx), sha256: run.memberSha256?.[where] ?? run.teacherSha256! }]
        : [],
    ),
    files: Object.entries(run.networkSha256 ?? {}).map(([where, sha256]) => ({ where, sha256 })),
    commits: run.commits,
    asked: recipe.teacher && isBlackBox(recipe.teacher) ? addressOf(recipe.teacher) : undefined,
    data: {
      source: samples.source,
      train: samples.train.indices.length,
      transfer: isDataFree(recipe)
        ? 0
        : drawTransferSet(samples.train, recipe.data.transfer, recipe.seed).indices.length,
      test: samples.test.indices.length,
    },
    losses: describeTerms(recipe.distill),
    epochs: recipe.student.train.epochs,
    mentor: mentorOf(armsOf(recipe)[0]!),
    curves: curvesOf(context),
    environment: { ...environmentOf(folder), threads: run.threads },
  };
}

/** Gathers what the report of a classification shows from a run that is over. */
export function reportData(context: RunContext, evaluation: Evaluation): ReportData {
  const { recipe, folder, samples } = context;
  const { dataset } = samples.test;
  const { autoTerms, corrupt } = folder.readRun();
  const temperatures = recipe.distill.map(({ temperature }) => Number(temperature)).filter((t) => t > 0);
  const temperature = temperatures.length > 0 ? Math.max(...temperatures) : DEFAULT_TEMPERATURE;
  const labels = splitLabels(samples.test);
  const confusion = ({ logits }: Pick<Measured, "logits">) =>
    confusionMatrix({ logits: logits[0]!, classes: dataset.classes.length, labels });
  return {
    ...reportFacts(context),
    classes: dataset.classes,
    image: dataset,
    columns: dataset.columns,
    chosen: autoTerms ?? [],
    temperature,
    results: evaluation.results,
    samples: darkKnowledge(context, evaluation, temperature),
    ...(dataset.columns ? {} : { pictures: { train: picturesOf(samples.train), test: picturesOf(samples.test) } }),
    corrupt,
    generated: evaluation.generated,
    confusion: {
      teacher: evaluation.teacher ? confusion(evaluation.teacher) : null,
      student: confusion(evaluation.student),
      baseline: evaluation.baseline ? confusion(evaluation.baseline) : null,
    },
  };
}

/** Pixels of a data set's images. */
function picturesOf({ dataset }: Split): (index: number) => Uint8Array {
  return (index) => Uint8Array.from(sampleAt(dataset, index));
}

function waitedShare({ waited, seconds }: Pick<RunFile, "waited" | "seconds">): number | undefined {
  const phases = Object.keys(waited);
  const total = (of: Readonly<Record<string, number>>) => phases.reduce((sum, phase) => sum + of[phase]!, 0);
  return phases.length === 0 ? undefined : total(waited) / total(seconds);
}

/** What a black box is called. */
function addressOf(teacher: HttpTeacherOptions | FunctionTeacherOptions): string {
  return "http" in teacher ? `${teacher.http}, version ${teacher.version}` : `the function ${teacher.function}`;
}

function environmentOf(folder: RunFolder) {
  const { environment, limbeck } = folder.readRun();
  return {
    limbeck,
    node: environment?.node ?? "",
    onnxruntime: environment?.onnxruntime ?? "",
    cpu: environment?.cpu ?? "",
  };
}

/** Learning curves from `metrics.jsonl`. */
function curvesOf({ folder, recipe }: RunContext): Curve[] {
  const all = folder.epochs();
  const curve = (phase: string, about: Omit<Curve, "points">): Curve => {
    const epochs = all.get(phase) ?? [];
    return { ...about, points: epochs.map(({ epoch, losses, errors }) => ({ epoch, loss: losses.loss!, errors })) };
  };
  const teachers = membersOf(recipe)
    // Errors of a specialist are counted on samples of its own classes: they do not compare.
    .filter(({ choice, owns }) => "train" in choice && !owns)
    .map(({ phase, seed }) => curve(phase, { arm: "teacher", variant: null, seed }));
  const arms = armsOf(recipe).flatMap((arm) =>
    seedsOf(recipe).map((seed) =>
      curve(phaseId(arm, seed), { arm: arm.kind, variant: arm.variant?.name ?? null, seed }),
    ),
  );
  return [...teachers, ...arms];
}

/** Of each class, the test image or text that the teacher classifies correctly, but with the most doubt; none without a teacher, and none of rows. */
function darkKnowledge(context: RunContext, evaluation: Evaluation, temperature: number): DarkKnowledgeSample[] {
  if (!evaluation.teacher) return [];
  const { dataset, indices } = context.samples.test;
  const { texts } = dataset;
  if (!texts && !areBytes(dataset.pixels)) return [];
  const classes = dataset.classes.length;
  const [teacher, student] = [evaluation.teacher.logits[0]!, evaluation.student.logits[0]!];
  const tops = topClasses(teacher, classes);
  const doubt = (row: number) => -Math.max(...softmaxRow(teacher, row, classes));
  return dataset.classes.slice(0, SAMPLES).flatMap((_, label) => {
    const rows = Array.from(indices.keys()).filter((row) => {
      return dataset.labels[indices[row]!] === label && tops[row] === label;
    });
    if (rows.length === 0) return [];
    const row = rows.reduce((best, candidate) => (doubt(candidate) > doubt(best) ? candidate : best));
    return {
      label,
      shown: texts ? excerpt(texts[indices[row]!]!) : Uint8Array.from(sampleAt(dataset, indices[row]!)),
      teacher: [...softmaxRow(teacher, row, classes)],
      soft: [...softmaxRow(teacher, row, classes, temperature)],
      student: [...softmaxRow(student, row, classes)],
    };
  });
}
