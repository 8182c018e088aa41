import type { Node, Tensor } from "@limbeck/graph";
import type { LinearHead } from "../losses/loss.js";
import type { ForwardResult } from "../models/model.js";
import { LimbeckError } from "../support/errors.js";

/** The ends of both networks. @throws LimbeckError FEATURE_MISMATCH where one has another end */
export function linearHeads(term: string, student: ForwardResult, teacher: ForwardResult) {
  return { student: headOf(term, "student", student), teacher: headOf(term, "teacher", teacher) };
}

/** @throws LimbeckError FEATURE_MISMATCH where it ends otherwise */
export function headOf(term: string, side: "student" | "teacher", { logits }: ForwardResult): LinearHead {
  const head = linearHead(logits);
  if (head) return head;
  throw new LimbeckError(
    "FEATURE_MISMATCH",
    `${term} needs a network that ends in an average over places and one linear layer; the ${side} does not`,
    { where: `distill: ${term}`, fix: "Use such a network, for example resnet, or another loss." },
  );
}

/** Finds pooling and linear layer by walking back from the logits, so that models need not declare them. */
function linearHead(logits: Tensor): LinearHead | undefined {
  const last = nodeOf(logits);
  const [input, weight, bias] = last?.inputs ?? [];
  if (last?.op !== "Gemm" || last.attributes.transB !== 1 || !input || !weight) return undefined;
  const pooling = poolingBehind(input);
  return pooling && { maps: pooling.inputs[0]!, weight, bias };
}

function nodeOf({ source }: Tensor): Node | undefined {
  return source.kind === "node" ? source.node : undefined;
}

const RESHAPES = ["Flatten", "Reshape", "Squeeze", "Identity"];

/** The average over places that a value comes from, but for its shape and for dropout. */
function poolingBehind(x: Tensor): Node | undefined {
  const node = nodeOf(x);
  const [first, second] = node?.inputs ?? [];
  if (!node || !first) return undefined;
  if (RESHAPES.includes(node.op)) return poolingBehind(first);
  if (node.op === "Mul" && second?.source.kind === "random") return poolingBehind(first);
  const isAverage =
    node.op === "GlobalAveragePool" || (node.op === "ReduceMean" && String(node.attributes.axes) === "2,3");
  return isAverage && first.shape.length === 4 ? node : undefined;
}
