import type { EmbeddingMeasures, EmbeddingResults } from "../evaluate/embedding/results.js";
import type { ModelCosts } from "../evaluate/results.js";
import { EMBEDDING_METRICS, measureText } from "../report/embedding/measures.js";
import { formatBytes, formatCount, formatSignificant, formatTable } from "./format.js";

/** The tables of a run whose task is embedding. */
export function embeddingTables({ student, controls, variants, teacher, ...results }: EmbeddingResults): string {
  const row = (name: string, model: EmbeddingMeasures) => [
    name,
    ...EMBEDDING_METRICS.map((metric) => measureText(metric, model)),
  ];
  const measures = formatTable([
    ["", ...EMBEDDING_METRICS.map(({ label }) => label.toLowerCase())],
    row("student", student),
    ...variants.map(({ name, student: own }) => row(`  ${name}`, own)),
    ...controls.map((control) => row(control.name, control)),
  ]);
  const cost = (name: string, cell: (model: ModelCosts) => string) => [name, cell(teacher), cell(student)];
  const costs = formatTable([
    ["", "teacher", "student"],
    ["dimensions", formatCount(results.dimensions.teacher), formatCount(results.dimensions.student)],
    cost("parameters", ({ parameters }) => formatCount(parameters)),
    cost("file size", ({ bytes }) => formatBytes(bytes)),
    cost("latency at batch 1", ({ latencyMs }) => `${formatSignificant(latencyMs)} ms`),
    cost("peak memory of a process", ({ peakMemoryBytes }) => formatBytes(peakMemoryBytes)),
  ]);
  return `${measures}\n\n${costs}`;
}
