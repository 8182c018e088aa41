import type { Split } from "../../data/dataset.js";
import type { Moments } from "../../data/moments/moments.js";
import { copula, type Synthesizer } from "../../data/synthesis/copula.js";
import { munge } from "../../data/synthesis/munge.js";
import { spunge } from "../../data/synthesis/spunge.js";
import type { SynthesisOptions } from "../../recipe/schemes/synthesis.js";
import type { GraphOptions, Wiring } from "../wiring.js";
import { dataFreeJob, studentGraph } from "./job.js";

type Making = (split: Split, moments: Moments, options: SynthesisOptions) => Synthesizer;

const SYNTHESIZERS: Readonly<Record<SynthesisOptions["by"], Making>> = {
  copula: (_, moments) => copula(moments),
  munge: (split, moments, { probability = 0.5, localVariance }) =>
    munge(split, moments, { probability, localVariance }),
  spunge: (split, moments, { probability = 0.1, noise }) => spunge(split, moments, { probability, noise }),
};

/** What draws the rows that a recipe describes. @param split real rows, for what is made of some */
export function synthesizerOf(options: SynthesisOptions, split: Split): Synthesizer {
  const { moments } = split.dataset;
  if (!moments) throw new TypeError("images have no moments");
  return SYNTHESIZERS[options.by](split, moments, options);
}

const drawn = <Options extends GraphOptions>(options: Options): Options => {
  const draw = synthesizerOf(options.options as unknown as SynthesisOptions, options.split);
  return { ...options, control: options.control ?? { kind: "synthesized", draw } };
};

/** A student taught on rows that are drawn. */
export const synthesisWiring: Wiring = {
  job: (options) => dataFreeJob(drawn(options)),
  check: (options) => {
    studentGraph(drawn(options));
  },
};
