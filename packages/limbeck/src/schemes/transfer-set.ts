import type { Graph } from "@limbeck/graph";
import { type Split, splitLabels } from "../data/dataset.js";
import type { LossContext, LossNeed } from "../losses/loss.js";

type SetContext = Pick<LossContext, "sampleIndices" | "sampleCount" | "sampleLabels">;

/** What losses see of the transfer set as a whole: which of its samples a batch has, and what they are. */
export function transferSet(graph: Graph, split: Split, batchSize: number, needs: ReadonlySet<LossNeed>): SetContext {
  const hasBank = needs.has("memory bank");
  const labels = hasBank && needs.has("labels") ? [...splitLabels(split)] : undefined;
  return {
    sampleIndices: needs.has("sample indices") ? graph.input("sampleIndices", "int64", [batchSize]) : undefined,
    sampleCount: hasBank ? split.indices.length : undefined,
    sampleLabels: labels && graph.constant("int64", [labels.length], labels),
  };
}
