import { measureMoments } from "../data/moments/measure.js";
import { momentsText } from "../data/moments/moments.js";
import { placeInRecipe, readRecipe } from "../recipe/parse.js";
import { OFFLINE } from "../recipe/schemes/index.js";
import { isOfNumbers } from "../recipe/source.js";
import { loadSamples } from "../runs/samples.js";
import { LimbeckError } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";

/**
 * Writes, or prints, the moments of a recipe's training rows.
 * @throws LimbeckError RECIPE_INVALID where the data are no rows, and as reading the data does
 */
export async function showMoments(path: string, out: string | undefined): Promise<void> {
  const recipe = readRecipe(path);
  if (!isOfNumbers(recipe.data.source)) {
    const where = placeInRecipe(path, ["data", "source"]);
    throw new LimbeckError("RECIPE_INVALID", `${where} data.source: moments are of rows, and these samples are none`, {
      where,
      fix: "Name a recipe whose source is a table, or rows of NumPy's.",
    });
  }
  const { train } = await loadSamples({ ...recipe, scheme: OFFLINE }, new AbortController().signal);
  const text = momentsText(measureMoments(train));
  if (out === undefined) process.stdout.write(text);
  else writeFileAtomic(out, text);
}
