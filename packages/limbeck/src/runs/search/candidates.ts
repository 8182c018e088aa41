import { measureLatency } from "../../evaluate/cost.js";
import type { Candidate, SearchLimits } from "../../evaluate/search-results.js";
import { buildModel } from "../../models/index.js";
import { modelCost, toOnnxModel } from "../../models/inference.js";
import { initialize, parameterCount } from "../../models/model.js";
import type { Recipe } from "../../recipe/schema.js";
import { LimbeckError } from "../../support/errors.js";
import { Interrupted } from "../../train/events.js";
import type { RunSamples } from "../samples.js";
import { ladderOf } from "./ladder.js";
import { excess } from "./limits.js";

/**
 * Measures every student before any training, since neither size nor time depend on what it learns.
 * @returns from the smallest to the largest
 * @throws LimbeckError SEARCH_EMPTY where none keeps the limits
 */
export async function measureCandidates(
  recipe: Recipe,
  samples: RunSamples,
  limits: SearchLimits,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const { dataset } = samples.train;
  const candidates: Candidate[] = [];
  for (const { name, model: choice } of ladderOf(recipe, samples)) {
    if (signal.aborted) throw new Interrupted("the search was stopped");
    const model = buildModel(choice, dataset, dataset.classes.length);
    const file = toOnnxModel(model, dataset, initialize(model, recipe.seed));
    const cost = { bytes: file.byteLength, latencyMs: await measureLatency(file, dataset) };
    const { macs } = modelCost(model, dataset);
    candidates.push({
      name,
      model: choice,
      parameters: parameterCount(model),
      macs,
      ...cost,
      excluded: excess(cost, limits),
    });
  }
  candidates.sort((a, b) => a.bytes - b.bytes || a.macs - b.macs);
  if (candidates.every(({ excluded }) => excluded)) throw nothingFits(candidates, limits);
  return candidates;
}

function nothingFits([smallest]: readonly Candidate[], limits: SearchLimits): LimbeckError {
  const { name, bytes, latencyMs } = smallest!;
  const message = `no student keeps the limits: the smallest, ${name}, has ${bytes} bytes and takes ${latencyMs.toPrecision(3)} ms`;
  return new LimbeckError("SEARCH_EMPTY", message, {
    value: limits,
    fix: "Raise --max-size or --max-latency, or name smaller models under `search: { students: [...] }`.",
  });
}
