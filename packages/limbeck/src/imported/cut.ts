import { type ImportedModel, matchingNames, type Tensor } from "@limbeck/graph";
import { lastLayer, nodeOf } from "../models/last-layer.js";
import { firstNames, suggestion } from "../support/nearest.js";
import { unfit } from "./problem.js";

const LIST = "`limbeck inspect FILE --taps '*'` lists the file's values.";

/**
 * The value at which a network is cut for a new head.
 * @param cut a name, a pattern, or auto
 * @param output what the file answers
 * @returns its name in the file
 * @throws LimbeckError MODEL_MISMATCH
 */
export function cutOf({ values, outputs }: ImportedModel, cut: string, output: string): string {
  return cut === "auto" ? beforeLastLayer(values, outputs.get(output)!) : named(values, cut);
}

function named(values: ReadonlyMap<string, Tensor>, cut: string): string {
  const all = computed(values).map(([name]) => name);
  const found = all.includes(cut) ? [cut] : matchingNames(all, cut);
  const [first] = found;
  if (first !== undefined && new Set(found.map((name) => values.get(name))).size === 1) return first;
  if (found.length > 1) {
    throw unfit("cut", `"${cut}" fits ${found.length} values: ${firstNames(found, 5)}`, cut, "Name one.");
  }
  throw unfit("cut", `the file computes no value "${cut}" on the way to its answers${suggestion(cut, all)}`, cut, LIST);
}

function beforeLastLayer(values: ReadonlyMap<string, Tensor>, answers: Tensor): string {
  const softmax = nodeOf(answers);
  const layer = lastLayer(softmax?.op === "Softmax" ? softmax.inputs[0]! : answers);
  const found = layer && computed(values).find(([, tensor]) => tensor === layer.input);
  if (found) return found[0];
  throw unfit(
    "cut",
    "the file does not end in a linear layer, so that it cannot be told where to cut",
    "auto",
    `Name the value that the new head reads: \`cut: NAME\`. ${LIST}`,
  );
}

/** What nodes give, by the file's names. */
function computed(values: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return [...values].filter(([, { source }]) => source.kind === "node");
}
