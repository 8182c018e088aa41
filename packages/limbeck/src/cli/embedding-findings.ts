import type { EmbeddingFindings } from "../doctor/embedding/facts.js";
import type { Seen } from "../doctor/facts.js";
import { percent } from "../doctor/rule.js";
import { formatCount, formatTable } from "./format.js";
import { networksTable } from "./networks-table.js";

/** Tables of what the doctor measured where the task is embedding. */
export function embeddingFindingsTables(findings: EmbeddingFindings): string[] {
  const { teacher, student, trained, chance10 } = findings;
  const { transfer, heldOut } = teacher;
  const embeddings = formatTable([
    ["teacher's embeddings", "transfer set", "held-out"],
    ["samples asked about", formatCount(transfer.samples), formatCount(heldOut.samples)],
    ["cosine to their mean", transfer.toMean.toFixed(3), heldOut.toMean.toFixed(3)],
  ]);
  const widths = `The teacher's have ${formatCount(teacher.dimensions)} numbers, the student's ${formatCount(student.dimensions)}.`;
  const row = (label: string, figures: Seen | null, format: (value: number) => string) => [
    label,
    ...(figures ? [format(figures.transfer), format(figures.heldOut)] : ["-", "-"]),
  ];
  const decimals = (value: number) => value.toFixed(3);
  const gap = trained
    ? formatTable([
        ["student's embeddings", "transfer set", "held-out"],
        row("cosine to the teacher's", trained.cosine, decimals),
        row("relative squared error", trained.relativeError, decimals),
        row("of the ten nearest found", trained.recall10, percent),
        row("  by guessing", chance10, percent),
        ["cosine to their mean", "", trained.heldOut.toMean.toFixed(3)],
      ])
    : "";
  return [networksTable(findings), `${embeddings}\n${widths}`, gap];
}
