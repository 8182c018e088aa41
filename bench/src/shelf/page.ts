import type { Spread, Verdict } from "limbeck";
import type { Shelf, ShelfRow } from "./result.js";

export const MARKERS = { begin: "<!-- shelf:begin -->", end: "<!-- shelf:end -->" } as const;

const ALPHA = 0.05;

/** Replaces what stands between the markers. @throws Error where they are not there, each once and in order */
export function replaceSection(page: string, section: string): string {
  const [before, rest, ...more] = page.split(MARKERS.begin);
  const [, after, ...others] = rest?.split(MARKERS.end) ?? [];
  if (after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(`the page must have ${MARKERS.begin} and ${MARKERS.end} once each, in this order`);
  }
  return `${before}${MARKERS.begin}\n\n${section.trim()}\n\n${MARKERS.end}${after}`;
}

/** The comparison as Markdown: a table, what it says in words, and where it was measured. */
export function shelfSection(shelf: Shelf): string {
  const { teacher, baseline, methods, failed } = shelf;
  const best = [...methods].sort((a, b) => b.model.accuracy.mean - a.model.accuracy.mean);
  const rows = [HEADER, HEADER.map(() => "---"), ...[teacher, baseline, ...best].map(cells)];
  const failures = failed.map(({ name, reason }) => `- \`${name}\` did not come to an end: ${reason}`);
  return [
    rows.map((row) => `| ${row.join(" | ")} |`).join("\n"),
    setting(shelf),
    inWords(best),
    ...(failures.length > 0 ? [failures.join("\n")] : []),
    about(shelf),
  ].join("\n\n");
}

const HEADER = [
  "method",
  "weights",
  "test accuracy, %",
  "gain, points",
  "against the baseline",
  "agreement with the teacher, %",
  "one training",
  "its peak memory",
];

function cells({ name, model, verdict, seconds, peakMemoryBytes }: ShelfRow): string[] {
  return [
    verdict ? `\`${name}\`` : name,
    count(model.parameters),
    percent(model.accuracy),
    verdict ? signed((100 * verdict.difference) / model.testSize) : "",
    verdict ? outcome(verdict) : "",
    model.agreement ? percent(model.agreement) : "",
    duration(seconds),
    Number.isFinite(peakMemoryBytes) ? `${Math.round(peakMemoryBytes / 1e6)} MB` : "unknown",
  ];
}

/** What the noise of seeds allows to say. */
function outcome({ difference, pValue, significant }: Verdict): string {
  if (pValue === null) return "noise unknown";
  const p = pValue < 0.001 ? "p < 0.001" : `p = ${pValue.toFixed(3)}`;
  if (!significant) return `no clear difference, ${p}`;
  return `${difference > 0 ? "**better**" : "**worse**"}, ${p}`;
}

function setting({ teacher, baseline, methods }: Shelf): string {
  const [large, small] = [teacher.model.parameters, baseline.model.parameters];
  const seeds = methods[0]?.model.errors.length ?? 0;
  return [
    `The teacher has ${count(large)} weights, a student ${count(small)}, ${(large / small).toFixed(1)} times fewer.`,
    `Mean ± standard deviation over ${seeds} seeds of students; ${count(teacher.model.testSize)} test images.`,
    "The baseline is the same student with labels alone. p is from Welch's t-test over seeds, against the baseline.",
  ].join(" ");
}

/** No number is hidden: what did not help is named. */
function inWords(methods: readonly ShelfRow[]): string {
  const named = (rows: readonly ShelfRow[]) => rows.map(({ name }) => `\`${name}\``).join(", ");
  const which = (test: (verdict: Verdict) => boolean) => methods.filter(({ verdict }) => verdict && test(verdict));
  const groups: [string, readonly ShelfRow[]][] = [
    ["Better than the baseline, beyond the noise", which((it) => it.significant && it.difference > 0)],
    [
      "Better or worse, but within the noise of so few seeds: they did not clearly help",
      which((it) => !it.significant),
    ],
    [
      "Worse than the baseline, beyond the noise: they did harm here",
      which((it) => it.significant && it.difference <= 0),
    ],
  ];
  const lines = groups.flatMap(([text, rows]) => (rows.length > 0 ? [`- ${text}: ${named(rows)}.`] : []));
  const chance = (ALPHA * methods.length).toFixed(1);
  const note = `- Of ${methods.length} comparisons, chance alone would call ${chance} significant where there is no difference.`;
  return [...lines, note].join("\n");
}

function about({ environment, threads }: Shelf): string {
  const { cpu, node, onnxruntime } = environment;
  return `Recorded by \`npm run shelf\`: ${cpu}, ${threads} threads, Node ${node}, ONNX Runtime ${onnxruntime}.`;
}

function percent({ mean, sd }: Spread): string {
  const center = (100 * mean).toFixed(2);
  return sd === null ? center : `${center} ± ${(100 * sd).toFixed(2)}`;
}

function signed(points: number): string {
  return `${points >= 0 ? "+" : ""}${points.toFixed(2)}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** A run that was killed at the very end of a training does not know how long it took. */
function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  return `${(seconds / 60).toFixed(1)} min`;
}
