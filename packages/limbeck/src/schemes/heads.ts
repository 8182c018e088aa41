import type { Node, Tensor } from "@limbeck/graph";
import type { LinearHead } from "../losses/loss.js";
import { lastLayer, nodeOf, sameValues } from "../models/last-layer.js";
import type { ForwardResult } from "../models/model.js";
import { LimbeckError } from "../support/errors.js";

type Answering = Pick<ForwardResult, "logits">;

/** The ends of both networks. @throws LimbeckError FEATURE_MISMATCH where one has another end */
export function linearHeads(term: string, student: Answering, teacher: Answering) {
  return { student: headOf(term, "student", student), teacher: headOf(term, "teacher", teacher) };
}

/** @throws LimbeckError FEATURE_MISMATCH where it ends otherwise */
export function headOf(term: string, side: "student" | "teacher", { logits }: Answering): LinearHead {
  const head = linearHead(logits);
  if (head) return head;
  throw new LimbeckError(
    "FEATURE_MISMATCH",
    `${term} needs a network that ends in an average over places and one linear layer; the ${side} does not`,
    { where: `distill: ${term}`, fix: "Use such a network, for example resnet, or another loss." },
  );
}

/** Finds pooling and linear layer by walking back from the logits, so that models need not declare them. */
export function linearHead(logits: Tensor): LinearHead | undefined {
  const last = lastLayer(logits);
  const pooling = last && poolingBehind(last.input);
  return pooling && { maps: pooling.inputs[0]!, weight: last.weight, bias: last.bias };
}

/** The average over places that a value comes from. */
function poolingBehind(x: Tensor): Node | undefined {
  const node = nodeOf(sameValues(x).at(-1)!);
  const maps = node?.inputs[0];
  return maps?.shape.length === 4 && isAverage(node!, maps.shape.slice(2)) ? node : undefined;
}

/** Whether a node averages maps of this size as a whole. */
function isAverage({ op, attributes }: Node, size: readonly number[]): boolean {
  if (op === "GlobalAveragePool") return true;
  const list = (value: unknown) => String(Array.isArray(value) ? value : []);
  if (op === "ReduceMean") return ["2,3", "-2,-1", "-1,-2"].includes(list(attributes.axes));
  const isWhole = op === "AveragePool" && list(attributes.kernel_shape) === String(size);
  return isWhole && /^[0,]*$/.test(list(attributes.pads));
}
