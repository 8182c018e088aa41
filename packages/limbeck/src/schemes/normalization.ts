import { formatShape, type Tensor } from "@limbeck/graph";
import type { Normalization } from "../losses/loss.js";
import { LimbeckError } from "../support/errors.js";

/**
 * Weight and bias of the batch normalization that a teacher's value comes from. Of a residual sum, that of the first
 * operand counts: the block's, not the shortcut's.
 * @throws LimbeckError FEATURE_MISMATCH where there is none
 */
export function normalizationOf(term: string, value: Tensor): Normalization {
  const found = normalizationBehind(value);
  if (found) return found;
  const what = `a teacher's value ${formatShape(value.shape)} that comes from a batch normalization`;
  throw new LimbeckError("FEATURE_MISMATCH", `${term} needs ${what}; this one does not`, {
    where: `distill: ${term}: teacher`,
    value: value.shape,
    fix: "Tap it before ReLU, for example stage2.preact of resnet, vgg or wrn, or take ab or fitnets.",
  });
}

function normalizationBehind({ source }: Tensor): Normalization | undefined {
  if (source.kind !== "node") return undefined;
  const { op, inputs } = source.node;
  const [first, weight, bias] = inputs;
  if (op === "BatchNormalization") return { weight: weight!, bias: bias! };
  return (op === "Add" || op === "Identity") && first ? normalizationBehind(first) : undefined;
}
