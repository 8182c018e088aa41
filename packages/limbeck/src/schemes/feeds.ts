import { randomStream, type TrainingProgram, type TypedArray } from "@limbeck/graph";
import { epochOrder } from "../data/batches.js";
import type { TrainingJob } from "./job.js";
import { needsOf } from "./needs.js";
import type { OfflineOptions } from "./offline.js";
import { PartnerBatches } from "./partners.js";
import type { BuiltTerms } from "./terms.js";
import { ViewBatches } from "./view-batches.js";
import { mixedFeeds, viewMakers } from "./views.js";

/** What of a compiled graph decides what its steps are fed. */
interface Fed extends Pick<BuiltTerms, "weights"> {
  readonly program: TrainingProgram;
  readonly stepsPerEpoch: number;
  /** Inputs for views of the images beside `images`. */
  readonly views: readonly string[];
}

/** Fills one batch after another; order and augmentation are drawn anew for each epoch. */
export function batchFeeds(
  options: OfflineOptions,
  { program, stepsPerEpoch, weights, views }: Fed,
): TrainingJob["feeds"] {
  const { split, train, seed } = options;
  const fed = new Set(program.feeds.map(({ name }) => name));
  const { changes, mixer } = viewMakers(train, split.dataset, seed);
  const main = new ViewBatches(split, train.batchSize, { changes, seed });
  const others = views.map((name) => {
    const own = { changes, seed: randomStream(seed, "view", name).int32() };
    return [name, new ViewBatches(split, train.batchSize, own)] as const;
  });
  const hasPartners = needsOf(options.terms).has("same-class pair");
  const partners = hasPartners ? new PartnerBatches(split, train.batchSize, changes, seed) : undefined;
  const answers = answersTo(options, program);
  const sampleIndices = new BigInt64Array(train.batchSize);
  let visited: { epoch: number; order: Uint32Array } | undefined;
  return async (step) => {
    const [epoch, batch] = [Math.floor(step / stepsPerEpoch), step % stepsPerEpoch];
    if (visited?.epoch !== epoch) visited = { epoch, order: epochOrder(split.indices.length, seed, epoch) };
    const { order } = visited;
    const seen = (batches: ViewBatches) => {
      const target = batches.fill(order, epoch, batch);
      mixer?.mix(target, epoch, batch);
      return target;
    };
    const { images, labels, rows } = seen(main);
    const other = Object.fromEntries(others.map(([name, batches]) => [name, seen(batches).images]));
    const teacherLogits = await answers?.(images, rows);
    if (fed.has("sampleIndices")) {
      rows.forEach((row, i) => {
        sampleIndices[i] = BigInt(row);
      });
    }
    const paired = partners?.feeds(rows, epoch, batch);
    const all: Record<string, TypedArray | undefined> = {
      ...{ images, ...other, labels, ...mixedFeeds(mixer), ...paired, teacherLogits, sampleIndices },
      ...weights(step),
    };
    return Object.fromEntries(Object.entries(all).filter(([name]) => fed.has(name))) as Record<string, TypedArray>;
  };
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
