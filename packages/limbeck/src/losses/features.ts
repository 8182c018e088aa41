import { formatShape, ops, type Tensor } from "@limbeck/graph";
import { LimbeckError } from "../support/errors.js";
import type { FeaturePair, LossContext } from "./loss.js";

/** The pairs that a loss looks at; the teacher's side is constant. */
export function featurePairs({ features }: LossContext): readonly FeaturePair[] {
  return features!.map(({ teacher, ...others }) => ({ ...others, teacher: ops.detach(teacher) }));
}

/** The pair of a loss that looks at one. */
export function featurePair(context: LossContext): FeaturePair {
  return featurePairs(context)[0]!;
}

/** One row a sample: [N, …] becomes [N, D]. */
export function rows(x: Tensor): Tensor {
  return x.shape.length === 2 ? x : ops.flatten(x);
}

/** Squared length below which a vector has no direction. */
const NOTHING = 1e-24;

/** x / |x| over `axes`. A zero vector has no direction: it stays zero and passes no gradient, where torch's passes 1e12. */
export function unit(x: Tensor, axes: readonly number[]): Tensor {
  const squared = ops.reduceSum(ops.mul(x, x), { axes, keepdims: true });
  const known = ops.greater(squared, NOTHING);
  const length = ops.sqrt(ops.where(known, squared, x.graph.scalar(1, x.dtype)));
  return ops.mul(ops.div(x, length), ops.cast(known, x.dtype));
}

export const square = (x: Tensor): Tensor => ops.mul(x, x);

/** Squared error, summed over features, averaged over samples. */
export function squaredError(student: Tensor, teacher: Tensor): Tensor {
  return ops.div(ops.reduceSum(square(ops.sub(student, teacher))), student.shape[0]!);
}

/** @throws LimbeckError FEATURE_MISMATCH, with both shapes */
export function mismatch({ student, teacher }: FeaturePair, problem: string, fix: string): LimbeckError {
  const [ours, theirs] = [student, teacher].map(({ shape }) => formatShape(shape));
  const message = `${problem}: the student's features are ${ours}, the teacher's ${theirs}`;
  return new LimbeckError("FEATURE_MISMATCH", message, { value: [student.shape, teacher.shape], fix });
}

/** @throws LimbeckError FEATURE_MISMATCH where a batch has fewer samples than a relation takes */
export function requireSamples(pair: FeaturePair, fewest: number): void {
  if (pair.student.shape[0]! >= fewest) return;
  throw mismatch(pair, `a relation needs batches of ${fewest} samples or more`, "Raise train.batchSize.");
}

/** @throws LimbeckError FEATURE_MISMATCH unless both sides have this many dimensions */
export function requireRank(pair: FeaturePair, ranks: readonly number[], layout: string): void {
  const fits = ({ shape }: Tensor) => ranks.includes(shape.length);
  if (fits(pair.student) && fits(pair.teacher)) return;
  throw mismatch(pair, `features must be ${layout}`, "Tap other layers.");
}

/** @throws LimbeckError FEATURE_MISMATCH unless both sides have the same shape */
export function requireSameShape(pair: FeaturePair, fix: string): void {
  if (formatShape(pair.student.shape) === formatShape(pair.teacher.shape)) return;
  throw mismatch(pair, "features must have the same shape", fix);
}
