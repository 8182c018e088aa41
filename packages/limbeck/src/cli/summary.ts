import {
  areEmbeddings,
  type PeerResult,
  type RunResults,
  type Spread,
  type TaskResults,
  type TeacherResult,
  type VariantResult,
} from "../evaluate/results.js";
import { spread } from "../evaluate/statistics.js";
import { formatBytes, formatCount, formatSignificant, formatTable } from "./format.js";

/** With more seeds than this, only their mean is shown. */
const MOST_SEEDS = 5;

/** What the arms of a data-free run saw, in a line; nothing where they saw training images. */
export function trainedOnLine({ trainedOn, baseline: compared }: RunResults): string[] {
  if (!trainedOn) return [];
  const { student, baseline, unseen } = trainedOn;
  const learned = `student learned from ${student}${compared ? `, the baseline from ${baseline}` : ""}.`;
  return [unseen ? `No ${unseen} was seen: the ${learned}` : `The ${learned}`];
}

/** The table of teacher, student and baseline: those that there are. */
export function resultsTable({ teacher, student, baseline }: RunResults): string {
  const models: TeacherResult[] = [...(teacher ? [teacher] : []), student, ...(baseline ? [baseline] : [])];
  const row = (label: string, cell: (model: TeacherResult) => string) => [label, ...models.map(cell)];
  const optional = (value: Spread | null, format: (value: Spread) => string) => (value ? format(value) : "-");
  const known = (value: number | null, format: (value: number) => string) => (value === null ? "-" : format(value));
  return formatTable([
    ["", ...(teacher ? ["teacher"] : []), "student", ...(baseline ? ["baseline"] : [])],
    row(`test errors of ${formatCount(student.testSize)}`, ({ errors }) => formatErrors(errors)),
    row("  by seed", ({ errors }) => (errors.length > 1 && errors.length <= MOST_SEEDS ? errors.join(", ") : "")),
    row("accuracy", ({ accuracy }) => percent(accuracy)),
    ...(student.agreement ? [row("agreement with teacher", ({ agreement }) => optional(agreement, percent))] : []),
    ...(student.klToTeacher ? [row("KL to teacher (nats)", ({ klToTeacher }) => optional(klToTeacher, plain))] : []),
    ...(student.mapCosine ? [row("cosine of class maps", ({ mapCosine }) => optional(mapCosine, plain))] : []),
    row("calibration error (ECE)", ({ ece }) => percent(ece)),
    row("parameters", ({ parameters }) => known(parameters, formatCount)),
    row("file size", ({ bytes }) => known(bytes, formatBytes)),
    ...(student.compression
      ? [
          row("  after gzip", ({ compression }) => (compression ? formatBytes(compression.compressedBytes) : "-")),
          row("weights that are 0", ({ compression }) => (compression ? share(compression.zeros) : "-")),
        ]
      : []),
    row("latency at batch 1", ({ latencyMs }) => known(latencyMs, (ms) => `${formatSignificant(ms)} ms`)),
    row("peak memory of a process", ({ peakMemoryBytes }) => known(peakMemoryBytes, formatBytes)),
  ]);
}

function formatErrors(errors: readonly number[]): string {
  const { mean, sd } = spread(errors);
  return sd === null ? String(mean) : `${mean.toFixed(1)} ± ${sd.toFixed(1)}`;
}

function percent({ mean, sd }: Spread): string {
  const center = (mean * 100).toFixed(2);
  return sd === null ? `${center}%` : `${center} ± ${(sd * 100).toFixed(2)}%`;
}

const share = (value: number) => `${(value * 100).toFixed(1)}%`;

function plain({ mean, sd }: Spread): string {
  return sd === null ? formatSignificant(mean) : `${formatSignificant(mean)} ± ${formatSignificant(sd)}`;
}

/** Members of an ensemble of teachers and the chain from teacher to student; nothing where there are none. */
export function helpersTable({ helpers, student }: RunResults): string {
  if (helpers.length === 0) return "";
  const rows = helpers.map(({ name, result }) => [
    name,
    `${formatErrors(result.errors)}${result.testSize === student.testSize ? "" : ` of ${formatCount(result.testSize)}`}`,
    result.agreement ? percent(result.agreement) : "-",
    formatCount(result.parameters),
    formatBytes(result.bytes),
    `${formatSignificant(result.latencyMs)} ms`,
  ]);
  const table = formatTable([
    ["", "test errors", "agreement with teacher", "parameters", "file size", "latency"],
    ...rows,
  ]);
  const isMerged = helpers.some(({ kind }) => kind === "specialist");
  return isMerged ? `${table}\n\nThe teacher is the specialists merged into one network, which sees no labels.` : table;
}

/** One line for each model that learned beside the student. */
export function peerLines({ peers = [] }: RunResults): string[] {
  return peers.map(({ name, family, errors, parameters, verdict }) => {
    const figures = `${name} (${family}, ${formatCount(parameters)} parameters): ${formatErrors(errors)} test errors`;
    return `${figures}${errors.length > 1 ? ` (${errors.join(", ")})` : ""}${verdict ? againstBaseline(verdict) : ""}.`;
  });
}

function againstBaseline({ difference, pValue, significant }: NonNullable<PeerResult["verdict"]>): string {
  const change = `${Math.abs(difference).toFixed(1)} ${difference < 0 ? "more" : "fewer"} than the baseline`;
  if (pValue === null) return `, ${change}, noise unknown`;
  return `, ${change}, ${significant ? "beyond" : "within"} the noise (p = ${pValue.toFixed(3)})`;
}

/** What features are worth that were learned without labels, in a line; nothing where there are none. */
export function featuresLine({ features, student }: RunResults): string[] {
  if (!features) return [];
  const { neighbors, untrained, known } = features;
  const figures = `${formatErrors(neighbors)} test errors of ${formatCount(student.testSize)}`;
  return [
    `Features before any label: the 20 nearest of ${formatCount(known)} labelled samples make ${figures}, ` +
      `by features of the untrained network ${formatErrors(untrained)}.`,
  ];
}

/** What a student with exits comes to, by how sure an exit must be; nothing where there are none. */
export function exitsTable({ exits }: RunResults): string {
  if (!exits) return "";
  const last = exits.macs.length - 1;
  const names = exits.macs.map((_, exit) => (exit === last ? "to the end" : `leave at exit${exit + 1}`));
  const rows = exits.rows.map(({ threshold, accuracy, macsShare, leaving }) => [
    String(threshold),
    percent(accuracy),
    percent(macsShare),
    ...leaving.map((share) => `${(share * 100).toFixed(1)}%`),
  ]);
  return formatTable([["confidence asked for", "accuracy", "mean MACs", ...names], ...rows]);
}

/** One line for each variant. */
export function variantLines({ variants }: RunResults): string[] {
  return variants.map((variant) => {
    const { name, epochs, transferSize, verdict, student, corrected } = variant;
    const setting = `${name} (${formatCount(transferSize)} images, ${epochs} epochs)`;
    const outcome = verdict ? verdict.sentence : `${student.errors.join(", ")} test errors.`;
    return `${setting}: ${outcome}${corrected ? correctedClause(variant, corrected) : ""}`;
  });
}

function correctedClause({ student }: VariantResult, corrected: NonNullable<VariantResult["corrected"]>): string {
  const { offsets, errors, absent } = corrected;
  const bias = offsets.map((offset) => `${offset >= 0 ? "+" : ""}${offset.toFixed(2)}`).join(", ");
  return [
    ` With the biases of the absent classes moved by ${bias}: ${errors.join(", ")} errors instead of`,
    ` ${student.errors.join(", ")}; on the ${formatCount(absent.size)} images of absent classes`,
    ` ${absent.after.join(", ")} instead of ${absent.before.join(", ")}.`,
  ].join("");
}

/** The document that `--json` prints for a run that is done. */
export function jsonSummary(runDir: string, results: TaskResults): object {
  if (areEmbeddings(results)) return { status: "done", runDir, results };
  const { verdict, ...models } = results;
  return { status: "done", runDir, results: models, verdict };
}
