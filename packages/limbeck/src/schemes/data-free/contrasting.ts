import { createGraph, type Graph, ops, permutation, randomStream, type Tensor } from "@limbeck/graph";
import { declareTensors, initialize } from "../../models/model.js";
import type { RememberingOptions } from "../../recipe/schemes/generated-memory.js";
import { declareTeacher } from "../live-teacher.js";
import { contrastLoss, HEAD, headTensors, project, sightOf } from "./contrast.js";
import { detailFeeds, details } from "./details.js";
import { finishedSlots, INVERSION, type Memory, rowsOf } from "./memory.js";
import type { Made, SourceOptions } from "./source.js";

/** What the teacher saw in kept images: in a detail, and in the whole, [memory · N, 2 · D]. */
const SIGHTS = `${INVERSION}sights`;

/** The published temperature of cosines, and the length of what the head returns. */
const TEMPERATURE = 0.1;
const DIRECTIONS = 128;

/** How images of a batch are told apart from each other and from those that were kept. */
export function contrasting(given: SourceOptions, settings: RememberingOptions) {
  const { memory, contrast, negatives } = settings;
  const { batchSize } = given.train;
  const rows = memory * batchSize;
  const others = Math.min(negatives, rows);
  const sight = sightLength(given);
  const head = { parameters: headTensors(sight, DIRECTIONS), buffers: [] };
  return {
    head: (graph: Graph) => declareTensors(head, graph, HEAD),
    initial: (seed: number) => ({ ...initialize(head, seed, HEAD), [SIGHTS]: new Float32Array(rows * 2 * sight) }),
    beyond:
      (images: Tensor, seen: Tensor, weights: Readonly<Record<string, Tensor>>, kept: Memory["kept"]): Made["beyond"] =>
      (logits, answer) => {
        const { graph } = images;
        const whole = sightOf(seen, logits);
        const part = details(images);
        const local = sightOf(part, answer(part));
        const sights = graph.parameter(SIGHTS, "float32", [rows, 2 * sight]);
        const known = ops.gather(sights, graph.input("others", "int64", [others]));
        const [keptLocal, keptWhole] = ops.split(known, 2, 1) as [Tensor, Tensor];
        const isKept = graph.input("isKept", "float32", [others]);
        const to = (x: Tensor) => project(x, weights);
        const views = {
          local: to(local),
          whole: to(whole),
          keptLocal: to(keptLocal),
          keptWhole: to(keptWhole),
          isKept,
        };
        return {
          terms: { contrast: ops.mul(contrastLoss(views, TEMPERATURE), contrast) },
          buffers: kept(graph, images, [{ input: sights, next: ops.concat([local, whole], 1) }]),
        };
      },
    feeds: (seed: number) => {
      const draw = detailFeeds(given.split.dataset, batchSize);
      const [places, isKept] = [new BigInt64Array(others), new Float32Array(others)];
      return (step: number) => {
        const finished = step < settings.iterations ? [] : finishedSlots(step, settings);
        const there = rowsOf(finished, batchSize);
        const order = permutation(there.length, randomStream(seed, "others", step));
        places.forEach((_, i) => {
          places[i] = BigInt(there[order[i] ?? 0] ?? 0);
          isKept[i] = i < there.length ? 1 : 0;
        });
        return { others: places, isKept, ...draw(randomStream(seed, "details", step)) };
      };
    },
  };
}

/** How many numbers describe what a teacher sees. */
function sightLength({ split: { dataset }, train, liveTeacher }: SourceOptions): number {
  const graph = createGraph();
  const { channels, height, width } = dataset;
  const images = graph.input("images", "float32", [train.batchSize, channels, height, width]);
  return sightOf(images, declareTeacher(liveTeacher!, graph)(images).logits).shape[1]!;
}
