import { measureLatency, measurePeakMemory } from "../../evaluate/cost.js";
import { type EmbeddingReference, embeddingReference, measureEmbeddings } from "../../evaluate/embedding/measures.js";
import { neighborPlaces } from "../../evaluate/embedding/places.js";
import type { EmbeddingModelResult, EmbeddingResults, EmbeddingVariant } from "../../evaluate/embedding/results.js";
import { chanceRecall } from "../../evaluate/embedding/retrieval.js";
import { summarize } from "../../evaluate/embedding/summary.js";
import type { Vectors } from "../../evaluate/embedding/vectors.js";
import type { ModelCosts } from "../../evaluate/results.js";
import { toOnnxModel } from "../../models/inference.js";
import { type Model, parameterCount } from "../../models/model.js";
import { renderEmbeddingReport } from "../../report/embedding/report.js";
import { writeFileAtomic } from "../../support/files.js";
import { fileOf } from "../../teachers/voice.js";
import { Interrupted } from "../../train/events.js";
import { armId } from "../arms.js";
import type { RunContext, TrainedArm, TrainedTeachers } from "../context.js";
import { embed, measureControls } from "./controls.js";
import { embeddingReportData } from "./report.js";

/** Measures students against the teacher's embeddings of the test samples, and what they are to be compared with. */
export async function concludeEmbeddings(
  context: RunContext,
  teachers: TrainedTeachers,
  arms: readonly TrainedArm[],
): Promise<{ results: EmbeddingResults; report: () => Promise<string> }> {
  const { folder, samples, recipe } = context;
  const teacher = teachers.teacher!;
  const vectors: Vectors = { values: teacher.testLogits!, width: teacher.voice.width! };
  const reference = embeddingReference(vectors, neighborPlaces(samples.test, recipe.seed));
  const measured = new Map<TrainedArm, EmbeddingModelResult>();
  for (const trained of arms) {
    if (context.signal.aborted) throw new Interrupted("evaluation was stopped");
    measured.set(trained, await measureArm(context, trained, reference));
  }
  const main = arms.find(({ arm }) => arm.variant === null)!;
  const count = reference.places.length;
  const figures = {
    task: "embedding" as const,
    dimensions: { teacher: vectors.width, student: samples.test.dataset.embedding! },
    testSize: samples.test.indices.length,
    retrieval: { samples: count, chance1: chanceRecall(count, 1), chance10: chanceRecall(count, 10) },
    teacher: await costsOf(context, folder.file("teacher.onnx"), fileOf(teacher), teacher.model),
    student: measured.get(main)!,
    controls: await measureControls(context, main, teacher, reference),
    variants: arms.flatMap((trained) => variantOf(trained, measured.get(trained)!)),
  };
  const results: EmbeddingResults = { ...figures, summary: summarize(figures) };
  return { results, report: () => renderEmbeddingReport(embeddingReportData(context, results)) };
}

/** Exports the first seed of an arm, and measures what all its seeds answer. */
async function measureArm(
  context: RunContext,
  { arm, model, seeds, transfer }: TrainedArm,
  reference: EmbeddingReference,
): Promise<EmbeddingModelResult> {
  const { folder, samples, recipe } = context;
  const files = seeds.map(({ parameters }) => toOnnxModel(model, transfer.dataset, parameters));
  const path = folder.file(`${armId(arm)}.onnx`);
  writeFileAtomic(path, files[0]!);
  const vectors: Vectors[] = [];
  for (const file of files) vectors.push(await embed(context, file, samples.test));
  const measures = await measureEmbeddings(reference, vectors, recipe.seed);
  return { ...measures, ...(await costsOf(context, path, files[0]!, model)) };
}

async function costsOf({ samples }: RunContext, path: string, file: Uint8Array, model: Model): Promise<ModelCosts> {
  const { dataset } = samples.test;
  return {
    parameters: parameterCount(model),
    bytes: file.byteLength,
    latencyMs: await measureLatency(file, dataset),
    peakMemoryBytes: await measurePeakMemory(path, dataset),
  };
}

function variantOf({ arm, transfer }: TrainedArm, student: EmbeddingModelResult): EmbeddingVariant[] {
  const { variant, train } = arm;
  if (!variant) return [];
  const { name, description } = variant;
  return [{ name, description, epochs: train.epochs, transferSize: transfer.indices.length, student }];
}
