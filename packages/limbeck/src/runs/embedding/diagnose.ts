import type { Split } from "../../data/dataset.js";
import { drawAtMost } from "../../data/split.js";
import type { EmbeddingFindings, EmbeddingStudentFacts, VectorFacts } from "../../doctor/embedding/facts.js";
import type { Seen } from "../../doctor/facts.js";
import { type EmbeddingReference, embeddingReference, measureEmbeddings } from "../../evaluate/embedding/measures.js";
import { neighborPlaces } from "../../evaluate/embedding/places.js";
import type { EmbeddingMeasures } from "../../evaluate/embedding/results.js";
import { chanceRecall } from "../../evaluate/embedding/retrieval.js";
import { cosines, countOf, meanVector, repeated, type Vectors } from "../../evaluate/embedding/vectors.js";
import { mean } from "../../evaluate/statistics.js";
import { modelCost } from "../../models/inference.js";
import { type Model, parameterCount } from "../../models/model.js";
import { readBytes } from "../../support/files.js";
import { Classifier } from "../../teachers/classifier.js";
import { armsOf, phaseId, seedsOf } from "../arms.js";
import { modelFor } from "../context.js";
import { checkDuplicates } from "../data-quality.js";
import { fetchedRecipe } from "../fetched.js";
import type { RunFolder } from "../folder.js";
import { readNetworks } from "../networks.js";
import { requireSameData } from "../same-data.js";
import { drawTransferSet, loadSamples } from "../samples.js";
import { readTeacher } from "../teacher.js";

/** Samples of each part that networks are asked about. */
const MOST_ASKED = 5000;

const PARTS = ["transfer", "heldOut"] as const;

type Asked = Readonly<Record<keyof Seen, Split>>;

/**
 * Measures teacher and student of a run whose task is embedding: the teacher, and the first student where the run is done. Reads the run
 * folder and changes nothing in it; the same folder always gives the same.
 * @throws LimbeckError RUN_INVALID where data have changed; what loading data throws
 */
export async function diagnoseEmbeddings(
  folder: RunFolder,
  threads: number,
  signal: AbortSignal,
): Promise<EmbeddingFindings> {
  const recipe = await fetchedRecipe(folder, signal);
  const samples = await readNetworks(folder, recipe, await loadSamples(recipe, signal));
  requireSameData(folder, samples);
  const transfer = drawTransferSet(samples.train, recipe.data.transfer, recipe.seed);
  const asked = seen((part) => drawAtMost(part === "transfer" ? transfer : samples.test, MOST_ASKED, recipe.seed));
  const { model } = (await readTeacher(folder, recipe, samples))!;
  const vectors = await embedBoth(folder.file("teacher.onnx"), asked, threads);
  const references = seen((part) => embeddingReference(vectors[part], neighborPlaces(asked[part], recipe.seed)));
  const { dataset } = samples.test;
  const factsOf = (network: Model) => ({
    family: network.family,
    parameters: parameterCount(network),
    macs: modelCost(network, dataset).macs,
  });
  const isDone = folder.readRun().results !== undefined;
  return {
    task: "embedding",
    teacher: {
      ...factsOf(model),
      dimensions: vectors.heldOut.width,
      ...seen((part) => vectorFacts(vectors[part])),
    },
    student: { ...factsOf(modelFor({ samples }, recipe.student.model)), dimensions: dataset.embedding! },
    transferSet: { samples: transfer.indices.length },
    duplicates: await checkDuplicates(samples, signal),
    terms: recipe.distill,
    train: recipe.student.train,
    chance10: seen((part) => chanceRecall(references[part].places.length, 10)),
    trained: isDone ? await studentFacts(folder, asked, references, threads) : null,
  };
}

/** The same of both parts. */
function seen<Value>(of: (part: keyof Seen) => Value): Record<keyof Seen, Value> {
  return { transfer: of("transfer"), heldOut: of("heldOut") };
}

async function embedBoth(path: string, asked: Asked, threads: number): Promise<Record<keyof Seen, Vectors>> {
  const classifier = await Classifier.load(readBytes(path), asked.transfer.dataset, threads);
  try {
    return { transfer: await embed(classifier, asked.transfer), heldOut: await embed(classifier, asked.heldOut) };
  } finally {
    await classifier.release();
  }
}

/** Whatever their width is. */
async function embed(classifier: Classifier, split: Split): Promise<Vectors> {
  let vectors: Vectors | undefined;
  for await (const { first, count, logits } of classifier.batches(split)) {
    const width = logits.length / count;
    vectors ??= { values: new Float32Array(split.indices.length * width), width };
    vectors.values.set(logits, first * width);
  }
  return vectors!;
}

function vectorFacts(vectors: Vectors): VectorFacts {
  const samples = countOf(vectors);
  return { samples, toMean: mean(cosines(vectors, repeated(meanVector(vectors), samples))) };
}

/** What the first student answers, which is the one that is exported. */
async function studentFacts(
  folder: RunFolder,
  asked: Asked,
  references: Readonly<Record<keyof Seen, EmbeddingReference>>,
  threads: number,
): Promise<EmbeddingStudentFacts> {
  const vectors = await embedBoth(folder.file("student.onnx"), asked, threads);
  const found: EmbeddingMeasures[] = [];
  for (const part of PARTS) found.push(await measureEmbeddings(references[part], [vectors[part]], 1, { resamples: 0 }));
  const figure = (name: "cosine" | "relativeError" | "recall10"): Seen | null => {
    const [transfer, heldOut] = found.map((measures) => measures[name]?.mean);
    return transfer === undefined || heldOut === undefined ? null : { transfer, heldOut };
  };
  return {
    cosine: figure("cosine"),
    relativeError: figure("relativeError"),
    recall10: figure("recall10"),
    heldOut: vectorFacts(vectors.heldOut),
    curve: curveOf(folder),
  };
}

function curveOf(folder: RunFolder): EmbeddingStudentFacts["curve"] {
  const recipe = folder.recipe();
  const epochs = folder.epochs().get(phaseId(armsOf(recipe)[0]!, seedsOf(recipe)[0]!)) ?? [];
  return epochs.flatMap(({ epoch, cosine }) => (typeof cosine === "number" ? [{ epoch, cosine }] : []));
}
