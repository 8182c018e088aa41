import type { EmbeddingResults } from "../../evaluate/embedding/results.js";
import type { EmbeddingReportData } from "../../report/embedding/data.js";
import { seedsOf } from "../arms.js";
import type { RunContext } from "../context.js";
import { reportFacts } from "../report.js";

/** Gathers what the report of embeddings shows. */
export function embeddingReportData(context: RunContext, results: EmbeddingResults): EmbeddingReportData {
  return { ...reportFacts(context), results, seeds: seedsOf(context.recipe).length };
}
