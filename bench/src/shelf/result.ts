import type { ModelResult, RunResults, Verdict } from "limbeck";

/** What the shelf reads of a run's `run.json`. */
export interface RunRecord {
  readonly status: string;
  readonly seconds: Readonly<Record<string, number>>;
  readonly peakMemoryBytes: Readonly<Record<string, number>>;
  readonly results?: RunResults;
  readonly environment?: Readonly<Record<string, string>>;
  readonly threads: number;
}

/** What one row of the table says. */
export interface ShelfRow {
  readonly name: string;
  readonly model: ModelResult;
  /** Mean time that one training took. */
  readonly seconds: number;
  /** Peak memory of the process that trained. */
  readonly peakMemoryBytes: number;
  /** Null for teacher and baseline. */
  readonly verdict: Verdict | null;
}

/** A recipe that did not end well. */
export interface FailedRecipe {
  readonly name: string;
  /** How the command ended. */
  readonly reason: string;
}

/** All that the shelf measured. */
export interface Shelf {
  readonly teacher: ShelfRow;
  readonly baseline: ShelfRow;
  readonly methods: readonly ShelfRow[];
  readonly failed: readonly FailedRecipe[];
  readonly environment: Readonly<Record<string, string>>;
  readonly threads: number;
}

/** Puts together what the recipes' runs measured. All share one teacher and one baseline: the first run tells of them. */
export function gatherShelf(
  runs: readonly { readonly name: string; readonly record: RunRecord }[],
  failed: readonly FailedRecipe[],
): Shelf {
  const first = runs[0];
  if (!first) throw new Error(`no recipe came to an end: ${failed.map(({ name, reason }) => `${name}: ${reason}`)}`);
  return {
    teacher: rowOf("teacher", first.record, "teacher"),
    baseline: rowOf("baseline", first.record, "baseline"),
    methods: runs.map(({ name, record }) => rowOf(name, record, "student")),
    failed,
    environment: first.record.environment ?? {},
    threads: first.record.threads,
  };
}

function rowOf(name: string, record: RunRecord, arm: "teacher" | "student" | "baseline"): ShelfRow {
  // All teachers of the shelf are networks, whose costs are known.
  const model = record.results?.[arm] as ModelResult | null | undefined;
  if (!model) throw new Error(`the run of ${name} has no ${arm}`);
  const ofArm = (figures: Readonly<Record<string, number>>) =>
    Object.entries(figures).flatMap(([phase, value]) => (phase.split("/")[0] === arm ? [value] : []));
  const seconds = ofArm(record.seconds);
  return {
    name,
    model,
    seconds: seconds.reduce((sum, value) => sum + value, 0) / seconds.length,
    peakMemoryBytes: Math.max(...ofArm(record.peakMemoryBytes)),
    verdict: arm === "student" ? record.results!.verdict : null,
  };
}
