import type { EmbeddingResults } from "../../evaluate/embedding/results.js";
import type { ReportFacts } from "../data.js";

/** All that the report of a run shows whose task is embedding. */
export interface EmbeddingReportData extends ReportFacts {
  readonly results: EmbeddingResults;
  /** Seeds of the student. */
  readonly seeds: number;
}
