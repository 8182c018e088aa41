import { randomStream, sizeOf } from "@limbeck/graph";
import type { Split } from "../../data/dataset.js";
import type { Moments } from "../../data/moments/moments.js";
import { copula, type Synthesizer } from "../../data/synthesis/copula.js";
import { munge } from "../../data/synthesis/munge.js";
import { spunge } from "../../data/synthesis/spunge.js";
import type { SynthesisOptions } from "../../recipe/schemes/synthesis.js";
import { feeding, synthesizedFill } from "./images.js";
import type { ImageSource, SourceOptions } from "./source.js";

type Making = (split: Split, moments: Moments, options: SynthesisOptions) => Synthesizer;

const SYNTHESIZERS: Readonly<Record<SynthesisOptions["by"], Making>> = {
  copula: (_, moments) => copula(moments),
  munge: (split, moments, { probability = 0.5, localVariance }) =>
    munge(split, moments, { probability, localVariance }),
  spunge: (split, moments, { probability = 0.1, noise }) => spunge(split, moments, { probability, noise }),
};

/** What draws the rows that a recipe describes. @param split real rows, for what is made of some */
function synthesizerOf(options: SynthesisOptions, split: Split): Synthesizer {
  const { moments } = split.dataset;
  if (!moments) throw new TypeError("images have no moments");
  return SYNTHESIZERS[options.by](split, moments, options);
}

/** Rows that are drawn anew for every step, and become no better. */
export function synthesizedRows({ split, train, options }: SourceOptions): ImageSource {
  // Only where rows are drawn: MUNGE compares all of its sample before.
  const synthesizer = () => synthesizerOf(options as unknown as SynthesisOptions, split);
  const { channels, height, width } = split.dataset;
  const sample = [channels, height, width];
  return {
    check: () => {},
    initial: () => ({}),
    seen: (graph) => ({ images: graph.input("images", "float32", [train.batchSize, ...sample]), buffers: [] }),
    feeds: (seed) => ({ seen: feeding("images", [train.batchSize, ...sample], synthesizedFill(seed, synthesizer())) }),
    shown: (graph, most, seed) => {
      const rows = new Float32Array(most * sizeOf(sample));
      synthesizer()(rows, randomStream(seed, "shown"));
      return graph.constant("float32", [most, ...sample], rows);
    },
  };
}
