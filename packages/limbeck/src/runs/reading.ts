import type { Recipe } from "../recipe/schema.js";
import { isAudio, isDecoded } from "../recipe/source.js";
import { Rate, Timer } from "../support/timer.js";
import type { Phase, RunEvent } from "./events.js";
import type { RunFolder } from "./folder.js";
import { loadSamples, type RunSamples } from "./samples.js";
import { telling } from "./telling.js";

const PROGRESS_MS = 100;

/** What a run reads before anything else, where that takes long. */
export function readingOf({ data: { source } }: Pick<Recipe, "data">): Phase[] {
  const noun = nounOf(source);
  return noun ? [{ id: "data", label: `reading ${noun}s` }] : [];
}

/** What takes long enough to read that it is a phase of its own. */
function nounOf(source: Recipe["data"]["source"]): "image" | "sound" | undefined {
  return isDecoded(source) ? "image" : isAudio(source) ? "sound" : undefined;
}

/** Loads a run's samples, tells how far that is, and notes in the run folder what was left out. */
export async function* readSamples(
  folder: RunFolder,
  recipe: Recipe,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, RunSamples> {
  const [reading] = readingOf(recipe);
  if (!reading) return await loadSamples(recipe, signal);
  const phase = reading.id;
  const noun = nounOf(recipe.data.source)!;
  const unit = noun === "sound" ? { unit: "sounds" as const } : {};
  const start = performance.now();
  yield { type: "phase-start", phase };
  const samples = yield* telling<RunEvent, RunSamples>((tell) => {
    const [rate, due] = [new Rate(), new Timer(PROGRESS_MS)];
    return loadSamples(recipe, signal, {
      plan: (plan) => tell({ type: "data-plan", ...plan }),
      decoded: (step, totalSteps) => {
        if (!due.rings() && step !== totalSteps) return;
        tell({ type: "progress", phase, step, totalSteps, loss: null, stepsPerSecond: rate.at(step), ...unit });
      },
      skipped: (corrupt) => {
        folder.updateRun({ corrupt });
        tell({ type: "data-skipped", noun, corrupt });
      },
    });
  });
  yield { type: "phase-end", phase, seconds: (performance.now() - start) / 1000, reused: false };
  return samples;
}
