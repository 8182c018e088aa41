import { stringify } from "yaml";
import { NAMED_DATASETS } from "../../data/named/index.js";
import type { NamedDataset } from "../../data/named/named.js";
import type { Spread, TaskResults } from "../../evaluate/results.js";
import type { Card } from "./card.js";

/** Identifiers that the hub knows; others are "other", with their name beside it. */
const HUB_LICENSES = new Set(
  (
    "apache-2.0 mit bsd-2-clause bsd-3-clause isc unlicense cc0-1.0 cc-by-2.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 " +
    "cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-sa-4.0 cc-by-nc-nd-4.0 cc-by-nd-4.0 gpl-2.0 gpl-3.0 lgpl-3.0 agpl-3.0 " +
    "mpl-2.0 epl-2.0 eupl-1.2 artistic-2.0 zlib openrail unknown"
  ).split(" "),
);

/** The named data set that a run learned from, if it is one. */
export function namedDataset({ finished }: Pick<Card<TaskResults>, "finished">): NamedDataset | undefined {
  const { source } = finished.recipe.data;
  return typeof source === "string" ? NAMED_DATASETS[source] : undefined;
}

const TASKS = {
  image: "image-classification",
  row: "tabular-classification",
  window: "tabular-classification",
  sound: "audio-classification",
  text: "text-classification",
} as const;

/** What the hub reads of a card, between two lines of hyphens. */
export function frontMatter(card: Card): string {
  const { finished, license } = card;
  const { recipe, samples, results } = finished;
  const named = namedDataset(card);
  const datasets = recipe.card?.datasets ?? (named ? [named.hub] : undefined);
  const task = TASKS[samples.kind];
  const metric = (type: string, { mean, sd }: Spread) => ({
    type,
    value: rounded(mean),
    name: sd === null ? type : `${type}, mean of ${results.student.errors.length} seeds (sd ${rounded(sd)})`,
  });
  const facts = {
    ...licenseFacts(license),
    library_name: samples.kind === "image" ? "transformers.js" : "onnx",
    pipeline_tag: task,
    tags: ["limbeck", "knowledge-distillation", "onnx", "student", ...(recipe.card?.tags ?? [])],
    ...(datasets ? { datasets } : {}),
    metrics: ["accuracy"],
    ...(isOnHub(recipe.card?.teacher) ? { base_model: recipe.card!.teacher } : {}),
    "model-index": [
      {
        name: recipe.name,
        results: [
          {
            task: { type: task },
            dataset: { name: samples.source, type: datasets?.[0] ?? "private" },
            metrics: [metric("accuracy", results.student.accuracy), metric("ece", results.student.ece)],
          },
        ],
      },
    ],
  };
  return matter(facts);
}

/** Facts as the hub reads them. */
export const matter = (facts: object): string => `---\n${stringify(facts)}---\n`;

export function licenseFacts(license: string | undefined): object {
  if (license === undefined) return { license: "unknown" };
  const identifier = license.toLowerCase();
  return HUB_LICENSES.has(identifier) ? { license: identifier } : { license: "other", license_name: license };
}

const rounded = (value: number) => Number(value.toPrecision(4));

/** Names on the hub are an owner and a name. */
export const isOnHub = (name: string | undefined) => name !== undefined && /^[\w.-]+\/[\w.-]+$/.test(name);
