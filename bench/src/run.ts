import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertAgreement } from "./agreement.js";
import { writeProblem } from "./process/tensor-file.js";
import { isAbsent, type Measurement, type Plan, type Row, type Sample, type Task } from "./row.js";
import { median } from "./statistics.js";

/** A contender's figures over all rounds. */
export interface Outcome {
  readonly name: string;
  /** Median of the rounds' medians. */
  readonly value: number;
  /** Each round's median. */
  readonly rounds: readonly number[];
  readonly peakBytes: number;
  readonly about: string;
}

/** A peer that could not be measured. */
export interface AbsentOutcome {
  readonly name: string;
  readonly absent: string;
}

export interface RowResult {
  readonly name: string;
  readonly unit: string;
  readonly ours: Outcome;
  readonly peers: readonly (Outcome | AbsentOutcome)[];
}

export interface RunOptions {
  readonly rounds: number;
  readonly plan: Plan;
  /** Hears what goes on, a line at a time. */
  readonly log: (line: string) => void;
}

/** Just enough steps to see that all compute the same. */
const CHECK: Plan = { warmupSeconds: 0, seconds: 0, minSteps: 1, maxSteps: 1 };
const OURS = "ours";

interface Contender {
  readonly name: string;
  measure(task: Task): Promise<Measurement>;
}

/**
 * Measures a row: first all contenders show that they compute the same, then they take turns, so that a machine that
 * slows down or speeds up treats all alike.
 * @throws Error when a contender fails or disagrees
 */
export async function runRow(row: Row, options: RunOptions): Promise<RowResult> {
  const folder = mkdtempSync(join(tmpdir(), "limbeck-bench-"));
  try {
    const problem = join(folder, "problem.safetensors");
    writeProblem(problem, row.problem());
    const contenders = [{ name: OURS, measure: (task: Task) => row.ours(task) }, ...row.peers];
    const absent = await checkAll(row.name, contenders, problem, options);
    const present = contenders.filter(({ name }) => !absent.has(name));
    return summarize(row, await takeTurns(row.name, present, problem, options), absent);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs everybody's first steps and compares the losses. Returns who is not here, and why. */
async function checkAll(
  row: string,
  contenders: readonly Contender[],
  problem: string,
  { log }: RunOptions,
): Promise<Map<string, string>> {
  const absent = new Map<string, string>();
  let ours: readonly number[] | undefined;
  for (const contender of contenders) {
    const measured = await contender.measure({ plan: CHECK, problem });
    if (isAbsent(measured)) {
      absent.set(contender.name, measured.absent);
      log(`${row}: ${contender.name} is absent: ${measured.absent}`);
      continue;
    }
    ours ??= measured.losses;
    assertAgreement(contender.name, measured.losses, ours);
    log(`${row}: ${contender.name} starts with losses ${measured.losses.map((loss) => loss.toFixed(5)).join(", ")}`);
  }
  return absent;
}

/** Everybody once, everybody once more …, each time in a new process. Returns the samples by contender. */
async function takeTurns(
  row: string,
  contenders: readonly Contender[],
  problem: string,
  { rounds, plan, log }: RunOptions,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      const { name } = contender;
      const sample = await contender.measure({ plan, problem });
      if (isAbsent(sample)) throw new Error(`${name} was there a moment ago: ${sample.absent}`);
      samples.get(name)!.push(sample);
      assertAgreement(name, sample.losses, samples.get(OURS)![0]!.losses);
      log(`${row}: round ${round}/${rounds}, ${name} ${sample.value.toFixed(2)} ms, median of ${sample.steps} steps`);
    }
  }
  return samples;
}

function summarize(
  row: Row,
  samples: ReadonlyMap<string, readonly Sample[]>,
  absent: ReadonlyMap<string, string>,
): RowResult {
  return {
    name: row.name,
    unit: row.unit,
    ours: outcome(OURS, samples.get(OURS)!),
    peers: row.peers.map(({ name }) => {
      const reason = absent.get(name);
      return reason === undefined ? outcome(name, samples.get(name)!) : { name, absent: reason };
    }),
  };
}

function outcome(name: string, samples: readonly Sample[]): Outcome {
  const rounds = samples.map(({ value }) => value);
  return {
    name,
    value: median(rounds),
    rounds,
    peakBytes: Math.max(...samples.map(({ peakBytes }) => peakBytes)),
    about: samples.at(-1)!.about,
  };
}
