import { createGraph, dropDeadCode, forInference, type Graph, graphCost, type Tensor, toOnnx } from "@limbeck/graph";
import { type ImageGeometry, splitLabels } from "../data/dataset.js";
import { exitRow } from "../evaluate/exits.js";
import type { ExitTable } from "../evaluate/results.js";
import { INPUT, modelCost, OUTPUT } from "../models/inference.js";
import { declareTensors } from "../models/model.js";
import type { ExitAnswer, ModelWithExits } from "../schemes/exit-models.js";
import { writeFileAtomic } from "../support/files.js";
import type { Parameters } from "../train/checkpoints.js";
import { armId } from "./arms.js";
import type { RunContext, TrainedArm } from "./context.js";

/** How sure an exit must be; at 1 hardly a sample leaves early. */
const THRESHOLDS: readonly number[] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

/**
 * Exports the first seed with all its exits, and measures what it comes to when samples leave early.
 * @param logits by exit, the deepest last, and in each by seed
 */
export function measureExits(
  { folder, samples: { test } }: RunContext,
  { arm, model, seeds }: TrainedArm,
  exits: ModelWithExits,
  logits: readonly (readonly Float32Array[])[],
): ExitTable {
  const { dataset } = test;
  writeFileAtomic(folder.file(`${armId(arm)}-exits.onnx`), exitsFile(exits, dataset, seeds[0]!.parameters));
  const macs = logits.map((_, exit) => costUpTo(exits, exit, dataset));
  const whole = modelCost(model, dataset).macs;
  const facts = { logits, labels: splitLabels(test), classes: dataset.classes.length, macs, whole };
  return { macs, rows: THRESHOLDS.map((threshold) => exitRow(facts, threshold)) };
}

/** A graph of one pass, whose outputs are those of some exits: `exit1`, `exit2` …, and `logits`, the deepest. */
function exitsGraph(exits: ModelWithExits, geometry: ImageGeometry, isWanted: (exit: number) => boolean): Graph {
  const { channels, height, width } = geometry;
  const graph = createGraph();
  const images: Tensor = graph.input(INPUT, "float32", [1, channels, height, width]);
  const { answers } = exits.answers(images, declareTensors(exits.whole, graph), false);
  answers.forEach(({ logits }: ExitAnswer, exit) => {
    if (isWanted(exit)) graph.output(exit === answers.length - 1 ? OUTPUT : `exit${exit + 1}`, logits);
  });
  return graph;
}

function exitsFile(exits: ModelWithExits, geometry: ImageGeometry, parameters: Parameters): Uint8Array {
  const graph = forInference(
    exitsGraph(exits, geometry, () => true),
    { parameters },
  );
  const names = [INPUT, ...exits.exits.map((_, exit) => `exit${exit + 1}`), OUTPUT];
  const symbols = Object.fromEntries(names.map((name) => [name, { 0: "batch" }]));
  return toOnnx(graph, { name: exits.whole.family, symbols });
}

/** Multiply-accumulate pairs of an image that leaves at an exit, after it was asked at all before. */
function costUpTo(exits: ModelWithExits, last: number, geometry: ImageGeometry): number {
  return graphCost(dropDeadCode(exitsGraph(exits, geometry, (exit) => exit <= last))).macs;
}
