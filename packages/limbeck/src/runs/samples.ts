import { createHash } from "node:crypto";
import { byLabelling, type ImageDataset, pick, type Split, splitLabels, wholeSplit } from "../data/dataset.js";
import type { FilesListener } from "../data/folders/reader.js";
import { measureMoments, measureSpread } from "../data/moments/measure.js";
import { type Moments, readMoments } from "../data/moments/moments.js";
import { NAMED_DATASETS } from "../data/named/index.js";
import { hashSamples } from "../data/samples/samples.js";
import { drawSubset, filterClasses, splitByGroups, splitStratified } from "../data/split.js";
import type { ImportedNetwork } from "../imported/network.js";
import type { TransferOptions } from "../recipe/schema.js";
import { isOfNumbers } from "../recipe/source.js";
import { hasClasses } from "../recipe/tasks/index.js";
import { LimbeckError } from "../support/errors.js";
import { canonicalJson } from "../support/json.js";
import type { Arm } from "./arms.js";
import { loadClassless } from "./classless.js";
import { type DataRecipe, loadSource, sizeOf } from "./sources.js";

/** A run's samples: what the teacher learns from, and what is held out. */
export interface RunSamples {
  readonly train: Split;
  readonly test: Split;
  /** Other images on which a control learns, where the recipe's scheme names some. */
  readonly related?: Split;
  /** For people: the data set's name, or the files' paths. */
  readonly source: string;
  /** Networks of files that the run trains further, by what the recipe says of them. */
  readonly networks?: ReadonlyMap<string, ImportedNetwork>;
}

/**
 * Loads a recipe's data and splits it: seeded, stratified and shuffled.
 * @param listener is told how far the decoding of files is
 * @throws LimbeckError DATA_MISSING, DATA_CORRUPT, DATA_TOO_SMALL, HASH_MISMATCH, RECIPE_INVALID, FILE_MISSING
 */
export async function loadSamples(
  recipe: DataRecipe,
  signal: AbortSignal,
  listener: FilesListener = {},
): Promise<RunSamples> {
  const samples = await loadParts(recipe, signal, listener);
  const { validation } = recipe.data;
  const judged = validation === undefined ? samples : holdOut(samples, validation, recipe.seed);
  const { sound } = judged.train.dataset;
  const known = isOfNumbers(recipe.data.source)
    ? withMoments(judged, recipe.scheme.moments)
    : sound
      ? withKnown(judged, { spread: measureSpread(judged.train) })
      : judged;
  return withRelated(withUnlabelled(known), recipe.scheme.related, signal);
}

/** Adds what only a teacher has labelled to what is learned from. */
function withUnlabelled({ train, ...samples }: RunSamples): RunSamples {
  const { others } = byLabelling(wholeSplit(train.dataset));
  return { ...samples, train: { ...train, indices: Uint32Array.from([...train.indices, ...others.indices]) } };
}

/** Adds what networks standardize rows by: stored moments where the scheme names some, else those of the training part. */
function withMoments(samples: RunSamples, path: unknown): RunSamples {
  const { train } = samples;
  const moments = typeof path === "string" ? readMoments(path) : measureMoments(train);
  if (typeof path === "string") requireSameColumns(path, moments, train.dataset);
  return withKnown(samples, { moments });
}

function withKnown(
  { train, test, ...samples }: RunSamples,
  facts: Pick<ImageDataset, "moments" | "spread">,
): RunSamples {
  const known = (split: Split) => ({ ...split, dataset: { ...split.dataset, ...facts } });
  return { ...samples, train: known(train), test: known(test) };
}

function requireSameColumns(path: string, moments: Moments, { columns = [], height, width }: ImageDataset): void {
  const length = height * width;
  if (canonicalJson([moments.columns, moments.length]) === canonicalJson([columns, length])) return;
  const described = (names: readonly string[], rows: number) => `${names.join(", ")} (${rows} of each)`;
  const theirs = described(moments.columns, moments.length);
  throw new LimbeckError("RECIPE_INVALID", `${path} is of ${theirs}, and the data have ${described(columns, length)}`, {
    where: "scheme.moments",
    value: moments.columns,
    fix: "Name the same columns as data.source.columns, in the same order, or other moments.",
  });
}

/** Some training samples in the place of the test part. */
function holdOut({ train, source }: RunSamples, validation: number, seed: number): RunSamples {
  const named = `${source} (tested on training samples that were held out)`;
  if (train.dataset.groups) return { source: named, ...splitGroups(train, { test: validation }, seed) };
  const counts = { train: Math.max(1, train.indices.length - validation), validation };
  const parts = splitStratified(splitLabels(train), counts, seed);
  return { train: pick(train, parts.train), test: pick(train, parts.validation), source: named };
}

/** Holds out whole groups until there are `test` samples. @throws LimbeckError DATA_TOO_SMALL */
function splitGroups(
  whole: Split,
  { train, test }: { train?: number | undefined; test?: number | undefined },
  seed: number,
) {
  const parts = splitByGroups(whole, test!, seed);
  return { test: parts.held, train: train ? drawSubset(parts.rest, train, seed) : parts.rest };
}

/** Adds the images of something else, where a scheme names some. */
async function withRelated(samples: RunSamples, related: unknown, signal: AbortSignal): Promise<RunSamples> {
  if (related === undefined) return samples;
  const { train } = await NAMED_DATASETS[related as keyof typeof NAMED_DATASETS].load({ signal });
  const [ours, theirs] = [sizeOf(samples.test.dataset), sizeOf(train)];
  if (ours === theirs) return { ...samples, related: wholeSplit(train) };
  throw new LimbeckError("RECIPE_INVALID", `${related} has images of ${theirs}, and the teacher takes ${ours}`, {
    where: "scheme.related",
    value: related,
    fix: "Name a data set with images of one size with the teacher's, or leave related out.",
  });
}

async function loadParts(recipe: DataRecipe, signal: AbortSignal, listener: FilesListener): Promise<RunSamples> {
  const { data, seed } = recipe;
  const load = hasClasses(recipe) ? loadSource : loadClassless;
  const { train, test, source } = await load(recipe, signal, listener);
  if (hasClasses(recipe)) requireLabels(train, test);
  const whole = byLabelling(wholeSplit(train)).labelled;
  if (test) {
    return {
      source,
      train: data.train ? drawSubset(whole, data.train, seed) : whole,
      test: data.test ? drawSubset(wholeSplit(test), data.test, seed) : wholeSplit(test),
    };
  }
  if (!data.test) {
    throw new LimbeckError("RECIPE_INVALID", `${source} has no test part, and the recipe sets none aside`, {
      where: "data.test",
      fix: "Say how many samples to hold out, for example `test: 2000`.",
    });
  }
  if (train.groups) return { source, ...splitGroups(whole, data, seed) };
  const counts = { train: data.train ?? Math.max(1, whole.indices.length - data.test), test: data.test };
  const parts = splitStratified(splitLabels(whole), counts, seed);
  return { source, train: pick(whole, parts.train), test: pick(whole, parts.test) };
}

/** Arrays may have none. */
function requireLabels(...parts: readonly (ImageDataset | undefined)[]): void {
  const bare = parts.find((part) => part?.classes.length === 0);
  if (!bare) return;
  throw new LimbeckError("RECIPE_INVALID", `nothing says which classes the samples of ${bare.name} have`, {
    where: "data.source.labels",
    fix: "Name a file of labels for training and test samples.",
  });
}

/** SHA-256 of all images and labels, and of which are for training and for testing. */
export function fingerprint({ train, test, related }: RunSamples): string {
  const hash = createHash("sha256");
  for (const { dataset, indices } of [train, test, ...(related ? [related] : [])])
    hashSamples(hash, dataset).update(dataset.labels).update(indices);
  const { moments = train.dataset.spread } = train.dataset;
  if (moments) hash.update(canonicalJson(moments));
  return hash.digest("hex");
}

/** The samples that a student learns from: some classes, or a number of them, drawn from the training part. */
export function drawTransferSet(train: Split, { size, only, without }: TransferOptions, seed: number): Split {
  const filtered =
    only || without ? filterClasses(train, { ...(only ? { only } : {}), ...(without ? { without } : {}) }) : train;
  return size === undefined ? filtered : drawSubset(filtered, size, seed);
}

/** What an arm learns from: a baseline has no teacher who would have labelled a part of the transfer set. */
export function samplesOfArm(train: Split, arm: ArmSamples, seed: number): Split {
  const drawn = drawTransferSet(train, arm.transfer, seed);
  return arm.kind === "student" || arm.images ? drawn : labelledPart(drawn, arm, seed);
}

/** What of a transfer set is learned from by labels of its own. @throws LimbeckError DATA_TOO_SMALL */
export function labelledPart(drawn: Split, { labels, transfer }: Omit<ArmSamples, "kind">, seed: number): Split {
  const { labelled } = byLabelling(drawn);
  const there = labelled.indices.length;
  if (there === 0) {
    const message = "the transfer set has no labelled sample for the baseline to learn from";
    const fix = "Draw more samples, or set baseline to false.";
    throw new LimbeckError("DATA_TOO_SMALL", message, { where: "data.transfer", value: transfer, fix });
  }
  if (labels === undefined) return labelled;
  if (labels <= there) return drawSubset(labelled, labels, seed);
  throw new LimbeckError("DATA_TOO_SMALL", `the transfer set has ${there} labelled samples, and not ${labels}`, {
    where: "scheme.labels",
    value: labels,
    fix: "Ask for fewer labels, or draw a larger transfer set.",
  });
}

type ArmSamples = Pick<Arm, "kind" | "images" | "transfer" | "labels">;

/** Samples of some classes alone, whose labels are places in the list of them. @throws LimbeckError DATA_TOO_SMALL */
export function samplesOf({ train, test, source, networks }: RunSamples, classes: readonly number[]): RunSamples {
  const narrowed = (split: Split): Split => {
    const { dataset, indices } = filterClasses(split, { only: classes });
    const labels = dataset.labels.map((label) => Math.max(0, classes.indexOf(label)));
    return { dataset: { ...dataset, classes: classes.map((label) => dataset.classes[label]!), labels }, indices };
  };
  return { train: narrowed(train), test: narrowed(test), source, ...(networks ? { networks } : {}) };
}

/** Classes of which the transfer set has no sample. */
export function absentClasses({ dataset, indices }: Split): number[] {
  const present = new Set(Array.from(indices, (index) => dataset.labels[index]));
  return dataset.classes.map((_, k) => k).filter((k) => !present.has(k));
}
