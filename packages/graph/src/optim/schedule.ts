import { GraphError } from "../errors.js";

/** The learning rate of a step, as a function of how far training has come. */
export type Schedule = (step: number) => number;

/** Options of {@link schedule}. */
export interface ScheduleOptions {
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Length of training in steps. */
  readonly totalSteps: number;
  /** What follows the warm-up. "cosine" falls along half a cosine (Loshchilov & Hutter 2017). Default "cosine". */
  readonly decay?: "cosine" | "constant";
  /** Steps in which the rate climbs linearly from 1 / warmupSteps of its peak. Default 0. */
  readonly warmupSteps?: number;
  /** Where the decay ends. Default 0. */
  readonly minimum?: number;
}

/**
 * A learning-rate schedule; steps count from 0.
 * @throws GraphError OPTION_INVALID
 */
export function schedule(options: ScheduleOptions): Schedule {
  const { learningRate, totalSteps, decay = "cosine", warmupSteps = 0, minimum = 0 } = options;
  if (!(learningRate > 0)) throw invalid("learningRate", learningRate, "above 0");
  if (!(totalSteps >= 1)) throw invalid("totalSteps", totalSteps, "at least 1");
  if (!(warmupSteps >= 0 && warmupSteps <= totalSteps)) throw invalid("warmupSteps", warmupSteps, "within training");
  if (decay !== "cosine" && decay !== "constant") throw invalid("decay", decay, "cosine or constant");
  if (!(minimum >= 0 && minimum <= learningRate)) throw invalid("minimum", minimum, "between 0 and learningRate");
  return (step) => {
    if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
    if (decay === "constant") return learningRate;
    const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
    return minimum + ((learningRate - minimum) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
}

function invalid(name: string, value: unknown, range: string): GraphError {
  return new GraphError("OPTION_INVALID", `${name} must be ${range}, got ${value}`, { value });
}
