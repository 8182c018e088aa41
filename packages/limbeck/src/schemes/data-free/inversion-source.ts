import { adam, ops, randomStream, sizeOf, type Tensor } from "@limbeck/graph";
import type { InversionOptions } from "../../recipe/schemes/deep-inversion.js";
import { fillNormal } from "./images.js";
import { INVERSION, imageMemory } from "./memory.js";
import { moved, movement } from "./movement.js";
import { l2Norm, totalVariation } from "./priors.js";
import { restarting } from "./restarting.js";
import type { ImageSource, SourceOptions } from "./source.js";
import { normalized, type Spread, spreadOf, spreadOut } from "./spread.js";

/** The batch that is being improved, in standard deviations around the mean, [N, C, H, W]. */
const BATCH = `${INVERSION}images`;

/** The published decay rates of Adam's moments. */
const BETAS = [0.5, 0.99] as const;

/** Images that are trained themselves, one batch after the other, and kept. */
export function invertedImages(given: SourceOptions): ImageSource {
  const { split, train, options } = given;
  const settings = options as unknown as InversionOptions;
  const { iterations, imageLearningRate, totalVariation: smooth, l2 } = settings;
  const { channels, height, width } = split.dataset;
  const shape = [train.batchSize, channels, height, width];
  const spread = spreadOf(settings, split.dataset);
  const memory = imageMemory(given, settings);
  // Numbers of rows have no end as those of pixels do.
  const isClipped = settings.clip && !split.dataset.moments;
  return {
    turn: {
      name: "images",
      learningRate: () => imageLearningRate,
      made: (graph) => {
        const batch = graph.parameter(BATCH, "float32", shape);
        const pixels = spreadOut(batch, spread);
        const fresh = graph.input("fresh", "float32", shape);
        const priors = { totalVariation: ops.mul(totalVariation(batch), smooth), l2: ops.mul(l2Norm(batch), l2) };
        return {
          images: moved(pixels, settings),
          buffers: memory.kept(graph, pixels),
          parameters: [batch],
          optimizer: restarting(adam({ betas: BETAS }), {
            every: iterations,
            isLast: memory.place(graph).isLast,
            fresh: () => fresh,
            settled: (value) => (isClipped ? withinRange(value, spread) : value),
          }),
          labels: memory.labels(graph),
          priors: Object.fromEntries(
            Object.entries(priors).filter(([name]) => settings[name as keyof typeof priors] > 0),
          ),
        };
      },
    },
    check: memory.check,
    initial: (seed) => {
      const noise = new Float32Array(sizeOf(shape));
      fillNormal(noise, randomStream(seed, BATCH, 0));
      return { [BATCH]: noise, ...memory.initial() };
    },
    seen: memory.seen,
    feeds: (seed) => {
      const fresh = new Float32Array(sizeOf(shape));
      const made = memory.madeFeeds();
      return {
        seen: memory.seenFeeds(seed),
        made: (step) => {
          if ((step + 1) % iterations === 0) fillNormal(fresh, randomStream(seed, BATCH, (step + 1) / iterations));
          const views = movement(settings, { height, width }, randomStream(seed, "jitter", step));
          return { ...made(step), fresh, ...views };
        },
      };
    },
    shown: memory.shown,
  };
}

/** Numbers whose pixels are between black and white. */
function withinRange(batch: Tensor, spread: Spread): Tensor {
  const [black, white] = [normalized(0, spread, batch), normalized(1, spread, batch)];
  return ops.minimum(ops.maximum(batch, black), white);
}
