import type { ModelCost } from "../../evaluate/evaluation.js";
import { bytes, count, milliseconds, plural, significant } from "../format.js";
import type { Measure } from "./measure.js";

interface Costly {
  readonly cost: ModelCost | null;
}

/** What models cost, in the order in which terminal and report show it; nothing where that was left out. */
export function costMeasures<Model extends Costly>(models: readonly Model[]): Measure<Model>[] {
  const first = models.find(({ cost }) => cost)?.cost;
  if (!first) return [];
  const costly =
    (cell: (cost: ModelCost) => string | null) =>
    ({ cost }: Model) =>
      cost && cell(cost);
  return [
    {
      label: "Size of the file",
      meaning: "The ONNX file, with those beside it that hold its numbers. 1 KB is 1,000 bytes.",
      cell: costly((cost) => bytes(cost.bytes)),
    },
    { label: "After gzip", meaning: "What is sent to a browser.", cell: costly(({ gzipBytes }) => bytes(gzipBytes)) },
    {
      label: "Parameters",
      meaning: "Values of all initializers but integers of 32 and 64 bits, as limbeck inspect counts them.",
      cell: costly(({ parameters }) => (parameters === null ? null : count(parameters))),
    },
    {
      label: "MACs",
      meaning: "Multiply-accumulate pairs for one sample.",
      cell: costly(({ macs }) => (macs === null ? null : macsText(macs))),
    },
    ...first.latency.flatMap(({ threads }, i) => [
      {
        label: `Latency p50, p95, ${plural(threads, "thread")}`,
        meaning: "Time of one forward pass with a single sample: half of the passes, and 95 of 100, are faster.",
        cell: costly(({ latency }) => `${significant(latency[i]!.p50Ms)}, ${milliseconds(latency[i]!.p95Ms)}`),
      },
      {
        label: `Samples a second, ${plural(threads, "thread")}`,
        meaning: `With ${first.throughput[i]!.batch} samples at once, at the median time.`,
        cell: costly(({ throughput }) => {
          const { batch, samplesPerSecond } = throughput[i]!;
          const fewer = batch === first.throughput[i]!.batch ? "" : ` (${batch} at once)`;
          return `${count(Math.round(samplesPerSecond))}${fewer}`;
        }),
      },
    ]),
    {
      label: "Peak memory",
      meaning:
        "Largest resident memory of a fresh process that loads the model and answers; much of it is Node.js and ONNX Runtime.",
      cell: costly(({ peakMemoryBytes }) => bytes(peakMemoryBytes)),
    },
  ];
}

function macsText(macs: number): string {
  if (macs < 1e3) return count(macs);
  if (macs < 1e6) return `${significant(macs / 1e3)} k`;
  return macs < 1e9 ? `${significant(macs / 1e6)} M` : `${significant(macs / 1e9)} G`;
}
