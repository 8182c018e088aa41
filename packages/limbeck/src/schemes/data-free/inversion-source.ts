import { adam, ops, permutation, randomStream, sizeOf, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";
import type { InversionOptions } from "../../recipe/schemes/deep-inversion.js";
import { LimbeckError } from "../../support/errors.js";
import { fillNormal } from "./images.js";
import { l2Norm, totalVariation } from "./priors.js";
import { restarting } from "./restarting.js";
import type { ImageSource, SourceOptions } from "./source.js";
import { normalized, type Spread, spreadOf, spreadOut } from "./spread.js";

/** What stands before the names of what is kept of images. */
const INVERSION = "inversion/";
/** The batch that is being improved, in standard deviations around the mean, [N, C, H, W]. */
const BATCH = `${INVERSION}images`;
/** All batches that are kept, as the teacher and the student see them, [memory · N, C, H, W]. */
const MEMORY = `${INVERSION}memory`;

/** The published decay rates of Adam's moments. */
const BETAS = [0.5, 0.99] as const;

/** Images that are trained themselves, one batch after the other, and kept. */
export function invertedImages({ split, train, options }: SourceOptions): ImageSource {
  const settings = options as unknown as InversionOptions;
  const { iterations, memory, rounds, imageLearningRate, totalVariation: smooth, l2 } = settings;
  const { channels, height, width, classes } = split.dataset;
  const { batchSize } = train;
  const shape = [batchSize, channels, height, width];
  const kept = [memory * batchSize, channels, height, width];
  const steps = train.epochs * rounds;
  const spread = spreadOf(settings, split.dataset);
  // Numbers of rows have no end as those of pixels do.
  const isClipped = settings.clip && !split.dataset.moments;
  return {
    turn: {
      name: "images",
      learningRate: () => imageLearningRate,
      made: (graph) => {
        const batch = graph.parameter(BATCH, "float32", shape);
        const pixels = spreadOut(batch, spread);
        const isLast = ops.equal(graph.input("iteration", "float32", []), iterations - 1);
        const fresh = graph.input("fresh", "float32", shape);
        const priors = { totalVariation: ops.mul(totalVariation(batch), smooth), l2: ops.mul(l2Norm(batch), l2) };
        return {
          images: moved(pixels, settings),
          buffers: [
            {
              input: graph.parameter(MEMORY, "float32", kept),
              next: pixels,
              rows: graph.input("places", "int64", [batchSize]),
            },
          ],
          parameters: [batch],
          optimizer: restarting(adam({ betas: BETAS }), {
            ...{ every: iterations, isLast, fresh },
            settled: (value) => (isClipped ? withinRange(value, spread) : value),
          }),
          labels: graph.input("classes", "int64", [batchSize]),
          priors: Object.fromEntries(
            Object.entries(priors).filter(([name]) => settings[name as keyof typeof priors] > 0),
          ),
        };
      },
    },
    check: () => checkLength(iterations, steps),
    initial: (seed) => {
      const noise = new Float32Array(sizeOf(shape));
      fillNormal(noise, randomStream(seed, BATCH, 0));
      return { [BATCH]: noise, [MEMORY]: new Float32Array(sizeOf(kept)) };
    },
    seen: (graph) => {
      const images = ops.gather(graph.parameter(MEMORY, "float32", kept), graph.input("rows", "int64", [batchSize]));
      return { images, buffers: [] };
    },
    feeds: (seed) => {
      const rows = new BigInt64Array(batchSize);
      const fresh = new Float32Array(sizeOf(shape));
      const [places, labels] = [new BigInt64Array(batchSize), new BigInt64Array(batchSize)];
      return {
        seen: (step, repeat) => {
          const slots = finishedSlots(step, settings);
          const stream = randomStream(seed, "rows", step, repeat);
          const draw = () => slots[stream.below(slots.length)]! * batchSize + stream.below(batchSize);
          return { rows: rows.map(() => BigInt(draw())) };
        },
        made: (step) => {
          const [batch, iteration] = [Math.floor(step / iterations), step % iterations];
          if (iteration === iterations - 1) fillNormal(fresh, randomStream(seed, BATCH, batch + 1));
          places.forEach((_, i) => {
            places[i] = BigInt((batch % memory) * batchSize + i);
            labels[i] = BigInt((batch * batchSize + i) % classes.length);
          });
          const views = movement(settings, { height, width }, randomStream(seed, "jitter", step));
          return { iteration: Float32Array.of(iteration), fresh, places, classes: labels, ...views };
        },
      };
    },
    shown: (graph, most, seed) => {
      const rows = finishedSlots(steps, settings).flatMap((slot) =>
        Array.from({ length: batchSize }, (_, i) => slot * batchSize + i),
      );
      const order = permutation(rows.length, randomStream(seed, "shown"));
      const some = Array.from(order.subarray(0, most), (place) => rows[place]!);
      return ops.gather(graph.parameter(MEMORY, "float32", kept), graph.ints(some));
    },
  };
}

function checkLength(iterations: number, steps: number): void {
  if (iterations <= steps) return;
  throw new LimbeckError("RECIPE_INVALID", `no image is finished: a batch takes ${iterations} rounds of ${steps}`, {
    where: "scheme.iterations",
    value: iterations,
    fix: "Give less iterations, or more epochs or rounds.",
  });
}

/** Places in the memory whose batches are finished after some steps; the first one's from the start, for there is no other. */
export function finishedSlots(
  step: number,
  { iterations, memory }: Pick<InversionOptions, "iterations" | "memory">,
): number[] {
  const batch = Math.floor(step / iterations);
  if (batch === 0) return [0];
  const isBegun = step % iterations > 0;
  const slots = Array.from({ length: Math.min(batch, memory) }, (_, slot) => slot);
  return isBegun ? slots.filter((slot) => slot !== batch % memory) : slots;
}

/** Numbers whose pixels are between black and white. */
function withinRange(batch: Tensor, spread: Spread): Tensor {
  const [black, white] = [normalized(0, spread, batch), normalized(1, spread, batch)];
  return ops.minimum(ops.maximum(batch, black), white);
}

type Size = Pick<ImageGeometry, "height" | "width">;

const isMoved = ({ jitter, flip }: InversionOptions) => jitter > 0 || flip;

/** Images shifted around their borders, and mirrored, as the feeds say. */
function moved(images: Tensor, settings: InversionOptions): Tensor {
  if (!isMoved(settings)) return images;
  const { graph, shape } = images;
  const along = (name: string, axis: number) => graph.input(name, "int64", [shape[axis]!]);
  return ops.gather(ops.gather(images, along("fromRows", 2), 2), along("fromColumns", 3), 3);
}

/** Which row and column of an image is seen in each place. */
function movement(settings: InversionOptions, { height, width }: Size, stream: ReturnType<typeof randomStream>) {
  const { jitter, flip } = settings;
  const places = (size: number, isMirrored: boolean) => {
    const shift = stream.below(2 * jitter + 1) - jitter;
    const from = (i: number) => ((((isMirrored ? size - 1 - i : i) + shift) % size) + size) % size;
    return BigInt64Array.from({ length: size }, (_, i) => BigInt(from(i)));
  };
  return { fromRows: places(height, false), fromColumns: places(width, flip && stream.below(2) === 1) };
}
