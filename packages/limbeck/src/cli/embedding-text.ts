import type { EmbeddingMeasures, EmbeddingResults, Measure } from "../evaluate/embedding/results.js";
import type { ModelCosts } from "../evaluate/results.js";
import { formatBytes, formatCount, formatSignificant, formatTable } from "./format.js";

/** The tables of a run whose task is embedding. */
export function embeddingTables({ student, controls, variants, teacher, ...results }: EmbeddingResults): string {
  const row = (name: string, model: EmbeddingMeasures) => [
    name,
    figures(model.cosine, 4),
    figures(model.relativeError, 4),
    figures(model.recall1, 2, 100),
    figures(model.recall10, 2, 100),
  ];
  const measures = formatTable([
    ["", "cosine to teacher", "relative squared error", "nearest neighbor, %", "ten nearest, %"],
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

function figures(measure: Measure | null, decimals: number, scale = 1): string {
  if (!measure) return "-";
  const text = (value: number) => (value * scale).toFixed(decimals);
  return measure.sd === null ? text(measure.mean) : `${text(measure.mean)} ± ${text(measure.sd)}`;
}
