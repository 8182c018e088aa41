import { GraphError } from "../../errors.js";
import * as f from "../../ops/build.js";
import { formatShape, sameShape, sizeOf } from "../../shape.js";
import { Tensor } from "../../tensor.js";
import type { Value } from "../scope.js";
import { bodyOf, type Structure, type StructureCall, sequence, tensorAt } from "./structure.js";

/**
 * A branch whose condition is known is taken. Otherwise both are computed, and each result is chosen by the condition:
 * the gradient flows into the branch that was chosen.
 */
function expandIf(call: StructureCall): readonly Value[] {
  const condition = tensorAt(call, 0);
  if (condition.dtype !== "bool" || sizeOf(condition.shape) !== 1) {
    throw new GraphError("MODEL_INVALID", `the condition ${condition.name} is no single truth value`, {
      value: condition.shape,
    });
  }
  const [yes, no] = [bodyOf(call, "then_branch"), bodyOf(call, "else_branch")];
  if (condition.source.kind === "constant") return call.run(condition.source.data[0] ? yes : no, []);
  const [a, b] = [call.run(yes, []), call.run(no, [])];
  const scalar = f.reshape(condition, []);
  return a.map((value, i) => choose(scalar, value, b[i]));
}

function choose(condition: Tensor, a: Value, b: Value | undefined): Value {
  if (a instanceof Tensor && b instanceof Tensor) return chooseTensor(condition, a, b);
  if (b && "items" in a && "items" in b && a.items.length === b.items.length) {
    return sequence(a.items.map((item, i) => chooseTensor(condition, item, b.items[i]!)));
  }
  throw disagreement(condition, "lists of different lengths");
}

function chooseTensor(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  if (a === b) return a;
  if (a.dtype === b.dtype && sameShape(a.shape, b.shape)) return f.where(condition, a, b);
  const [left, right] = [a, b].map(({ dtype, shape }) => `${dtype}${formatShape(shape)}`);
  throw disagreement(condition, `${left} and ${right}`);
}

function disagreement(condition: Tensor, what: string): GraphError {
  return new GraphError("NOT_CONSTANT", `the branches give ${what}, and ${condition.name} is not known`, {
    value: condition.name,
    fix: "Give the option shapesOf, or fix the input that the condition depends on with the option freeze.",
  });
}

export const conditionals: readonly Structure[] = [{ op: "If", expand: expandIf }];
