import { createHash, type Hash } from "node:crypto";
import { cpus } from "node:os";
import { toOnnxInParts } from "@limbeck/graph";
import type { Split } from "../data/dataset.js";
import type { TrainingJob } from "../schemes/job.js";
import { canonicalJson } from "../support/json.js";
import { limbeckVersion, onnxRuntimeVersion } from "./versions.js";

/** What the results of equal trainings may still depend on: rounding differs between processors. */
function machineFacts(): object {
  const { platform, arch } = process;
  return { limbeck: limbeckVersion(), onnxruntime: onnxRuntimeVersion(), platform, arch, cpu: cpus()[0]?.model ?? "" };
}

/** What a training depends on beside its job. */
export interface TrainingFacts {
  readonly options: { readonly split: Split; readonly train: object; readonly terms: readonly object[] };
  /** SHA-256 of the run's data. */
  readonly data: string;
  readonly threads: number;
  /** The teacher's file, where a term needs one. */
  readonly teacher: Uint8Array | undefined;
}

/**
 * A training's key: what is equal in all of this ends with the same parameters, bit for bit. Beside what the recipe says
 * there is what becomes of it (the graph, first values, first and last batch), so that a change of the code is seen.
 */
export async function trainingKey(job: TrainingJob, facts: TrainingFacts): Promise<string> {
  const { options, data, threads, teacher } = facts;
  const { seed, epochs, stepsPerEpoch, repeats, turn } = job;
  const { train, terms, split } = options;
  const between = job.model.between?.settings;
  const hash = createHash("sha256");
  const last = epochs * stepsPerEpoch - 1;
  const ratesOf = ({ learningRate }: Pick<TrainingJob, "learningRate">) => [0, last >> 1, last].map(learningRate);
  const rates = [ratesOf(job), ...(turn ? [ratesOf(turn)] : [])].flat();
  const said = { ...machineFacts(), threads, data, seed, epochs, stepsPerEpoch, repeats, rates, train, terms, between };
  hash.update(canonicalJson(said)).update(split.indices);
  for (const { program } of [job, ...(turn ? [turn] : [])]) {
    const { model, weights } = toOnnxInParts(program.graph);
    hash.update(model);
    for (const bytes of weights.values()) hash.update(bytes);
  }
  if (teacher) hash.update(teacher);
  addArrays(hash, job.initial);
  for (const step of [0, last]) {
    addArrays(hash, await job.feeds(step));
    if (turn) addArrays(hash, await turn.feeds(step));
  }
  return `training-${hash.digest("hex").slice(0, 40)}`;
}

function addArrays(hash: Hash, arrays: Readonly<Record<string, NodeJS.TypedArray>>): void {
  for (const name of Object.keys(arrays).sort()) hash.update(name).update(arrays[name]!);
}
