import { gatherSamples, type Samples } from "../data/iterable/gather.js";
import type { Recipe } from "../recipe/schema.js";
import { type IterableSource, isIterable } from "../recipe/source.js";
import { LimbeckError } from "../support/errors.js";
import type { RunFolder } from "./folder.js";

/** Where a run keeps what a program gave, from its folder. */
const KEPT = { values: "samples/values.npy", labels: "samples/labels.npy" };

/** A recipe wants samples of the program, or none are given. @throws LimbeckError RECIPE_INVALID */
export function requireSamples({ data: { source } }: Recipe, samples: Samples | undefined): void {
  if (isIterable(source) === (samples !== undefined)) return;
  throw isIterable(source) ? noSamples(source) : surplus();
}

/** The error for samples that no program gives. */
export function noSamples({ iterable }: IterableSource): LimbeckError {
  return new LimbeckError(
    "RECIPE_INVALID",
    `the samples ${JSON.stringify(iterable)} come from a program, which gives none here`,
    {
      where: "data.source.iterable",
      value: iterable,
      fix: "Begin a run in TypeScript, by distill(recipe, { samples }); then name its run folder.",
    },
  );
}

function surplus(): LimbeckError {
  return new LimbeckError("RECIPE_INVALID", "samples are given, and the recipe reads others", {
    where: "data.source",
    fix: "Say data: { source: { iterable: … } } in the recipe, or give no samples.",
  });
}

/**
 * Keeps samples of a program in the run folder, whose recipe names them there from then on.
 * @throws LimbeckError as `gatherSamples` does; whatever the samples throw; the signal's reason
 */
export async function keepSamples(
  folder: RunFolder,
  recipe: Recipe,
  samples: Samples,
  signal: AbortSignal,
): Promise<void> {
  const source = recipe.data.source as IterableSource;
  const files = { values: folder.file(KEPT.values), labels: folder.file(KEPT.labels) };
  const { kind, classes } = await gatherSamples(samples, source, files, signal);
  const shared = { labels: KEPT.labels, classes: [...classes] };
  const kept =
    kind === "images" ? { images: KEPT.values, layout: "nchw" as const, ...shared } : { rows: KEPT.values, ...shared };
  folder.replaceRecipe({ ...recipe, data: { ...recipe.data, source: kept } });
}
