import { type Graph, ops, type Tensor } from "@limbeck/graph";
import { lossNamed } from "../losses/index.js";
import type { Loss, LossContext } from "../losses/loss.js";
import { type TermSchedule, type TrainingLength, termFactor, trainingProgress } from "../losses/schedule.js";
import type { DistillTerm } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import type { InsideOf } from "./inside.js";
import { needsOf } from "./needs.js";

/** Terms of a loss in a training graph. */
export interface BuiltTerms {
  /** What is minimized: the sum of the weighted terms. */
  readonly loss: Tensor;
  /** The weighted terms by name: the loss's, with a number from the second of that name on. */
  readonly terms: Readonly<Record<string, Tensor>>;
  /** Weights that change from step to step, and what else depends on the step, by the names under which they are fed. */
  weights(step: number): Record<string, Float32Array>;
}

/** Computes a term of some loss from one or several contexts of a scheme's own. */
export type TermContexts = (compute: (context: LossContext) => Tensor, loss: Loss) => Tensor;

/**
 * Emits the weighted terms. A weight that follows a schedule is the host's, and fed; so is how far the training is.
 * @param given what all terms see, or how one is computed from several contexts
 * @param inside what each term sees beside `context`
 * @throws LimbeckError TAP_UNKNOWN, FEATURE_MISMATCH
 */
export function buildTerms(
  graph: Graph,
  terms: readonly DistillTerm[],
  given: LossContext | TermContexts,
  length: TrainingLength,
  inside?: InsideOf,
): BuiltTerms {
  const contexts: TermContexts = typeof given === "function" ? given : (compute) => compute(given);
  const fed = new Map<string, (step: number) => number>();
  const feed = (name: string, value: (step: number) => number) => {
    fed.set(name, value);
    return graph.input(name, "float32", []);
  };
  const progress = needsOf(terms).has("progress") ? feed("progress", trainingProgress(length)) : undefined;
  const built = terms.map((term, i): [string, Tensor] => {
    const { loss, weight, schedule, student: _, teacher: __, ...options } = term;
    const name = termName(terms, i);
    const record = lossNamed(String(loss));
    const parsed = record.options.parse(options);
    const value = saying(name, term, () => {
      const own = { progress, ...inside?.(name, term) };
      return contexts((context) => record.compute({ ...context, ...own }, parsed), record);
    });
    const { kind } = (schedule ?? { kind: "constant" }) as TermSchedule;
    if (kind === "constant") return [name, weight === 1 ? value : ops.mul(value, Number(weight))];
    const factor = termFactor(schedule as TermSchedule, length);
    return [
      name,
      ops.mul(
        value,
        feed(`weight/${name}`, (step) => Number(weight) * factor(step)),
      ),
    ];
  });
  return {
    loss: built.map(([, value]) => value).reduce((a, b) => ops.add(a, b)),
    terms: Object.fromEntries(built),
    weights: (step) => Object.fromEntries([...fed].map(([name, weight]) => [name, Float32Array.of(weight(step))])),
  };
}

function termName(terms: readonly DistillTerm[], place: number): string {
  const { loss } = terms[place]!;
  return terms.findIndex((term) => term.loss === loss) === place ? `${loss}` : `${loss}.${place}`;
}

/** Adds to an error which term it is about. */
function saying<Result>(name: string, { student, teacher }: DistillTerm, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof LimbeckError) || error.where !== undefined) throw error;
    const { code, message, value, fix } = error;
    const taps = Object.entries({ student, teacher }).filter(([, names]) => names !== undefined);
    const where = taps.length > 0 ? ` (${taps.map(([side, names]) => `${side} ${names}`).join(", ")})` : "";
    throw new LimbeckError(code, `${message}${where}`, {
      where: `distill: ${name}`,
      value,
      ...(fix ? { fix } : {}),
      cause: error,
    });
  }
}
