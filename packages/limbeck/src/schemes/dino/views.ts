import { randomStream } from "@limbeck/graph";
import { prepareAugmentation } from "../../data/augment/index.js";
import { epochOrder } from "../../data/batches.js";
import type { Split } from "../../data/dataset.js";
import type { DinoOptions } from "../../recipe/schemes/dino.js";
import { ViewBatches } from "../view-batches.js";

/** The teacher sees so many views, and the student them and others. */
export const GLOBAL_VIEWS = 2;

/** Fills views of one batch after another: of large parts of the images, and of small ones. */
export function cropFeeds(split: Split, options: DinoOptions, seed: number, stepsPerEpoch: number) {
  const { batchSize, globalScale, localScale, locals, augment } = options;
  const own = augment.map(({ name, ...others }) => prepareAugmentation(String(name), others));
  const views = (kind: string, count: number, scale: readonly number[]) => {
    const changes = [prepareAugmentation("random-resized-crop", { scale }), ...own];
    return Array.from({ length: count }, (_, i) => {
      return new ViewBatches(split, batchSize, { changes, seed: randomStream(seed, kind, i).int32() });
    });
  };
  const all = {
    globals: views("global", GLOBAL_VIEWS, globalScale),
    ...(locals > 0 ? { locals: views("local", locals, localScale) } : {}),
  };
  let visited: { epoch: number; order: Uint32Array } | undefined;
  return (step: number): Record<string, Float32Array> => {
    const [epoch, batch] = [Math.floor(step / stepsPerEpoch), step % stepsPerEpoch];
    if (visited?.epoch !== epoch) visited = { epoch, order: epochOrder(split.indices.length, seed, epoch) };
    const { order } = visited;
    const filled = (batches: ViewBatches[]) => joined(batches.map((one) => one.fill(order, epoch, batch).images));
    return Object.fromEntries(Object.entries(all).map(([name, batches]) => [name, filled(batches)]));
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const length = parts[0]!.length;
  const all = new Float32Array(parts.length * length);
  for (const [i, part] of parts.entries()) all.set(part, i * length);
  return all;
}
