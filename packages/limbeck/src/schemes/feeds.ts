import type { TrainingProgram, TypedArray } from "@limbeck/graph";
import { BatchSource } from "./batch-source.js";
import type { TrainingJob } from "./job.js";
import { needsOf } from "./needs.js";
import type { OfflineOptions } from "./offline.js";
import type { BuiltTerms } from "./terms.js";

/** What of a compiled graph decides what its steps are fed. */
interface Fed extends Pick<BuiltTerms, "weights"> {
  readonly program: TrainingProgram;
  readonly stepsPerEpoch: number;
  /** Inputs for views of the images beside `images`. */
  readonly views: readonly string[];
}

/** Feeds one batch after another. */
export function batchFeeds(
  options: OfflineOptions,
  { program, stepsPerEpoch, weights, views }: Fed,
): Required<Pick<TrainingJob, "feeds" | "batches">> {
  const { split, train, seed } = options;
  const fed = new Set(program.feeds.map(({ name }) => name));
  const { augment, batchSize } = train;
  const hasPartners = needsOf(options.terms).has("same-class pair");
  const facts = { split, train: { augment, batchSize }, seed, stepsPerEpoch, views, hasPartners };
  const batches = new BatchSource(facts);
  const answers = answersTo(options, program);
  const sampleIndices = new BigInt64Array(batchSize);
  const feeds = async (step: number) => {
    const batch = await batches.at(step);
    const { images, rows } = batch;
    const teacherLogits = await answers?.(images, rows);
    if (fed.has("sampleIndices")) {
      rows.forEach((row, i) => {
        sampleIndices[i] = BigInt(row);
      });
    }
    const all: Record<string, TypedArray | undefined> = { ...batch, teacherLogits, sampleIndices, ...weights(step) };
    return Object.fromEntries(Object.entries(all).filter(([name]) => fed.has(name))) as Record<string, TypedArray>;
  };
  return { feeds, batches };
}

/** How the teacher answers to a batch, where its answers are fed. */
function answersTo({ split, teacher }: OfflineOptions, { feeds }: TrainingProgram) {
  const soft = feeds.find(({ name }) => name === "teacherLogits");
  if (!soft) return undefined;
  const samples = new Uint32Array(soft.shape[0]!);
  const logits = new Float32Array(soft.shape[0]! * soft.shape[1]!);
  return async (images: Float32Array, rows: Uint32Array): Promise<Float32Array> => {
    rows.forEach((row, i) => {
      samples[i] = split.indices[row]!;
    });
    await teacher!.answer(images, samples, logits);
    return logits;
  };
}
