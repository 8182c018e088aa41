import { adam, type Graph, randomStream, sizeOf, type Tensor } from "@limbeck/graph";
import { carriedBuffers, declareTensors, initialize } from "../../models/model.js";
import type { RememberingOptions } from "../../recipe/schemes/generated-memory.js";
import { contrasting } from "./contrasting.js";
import { buildGenerator, GENERATOR } from "./generator.js";
import { grouped } from "./grouped.js";
import { fillNormal } from "./images.js";
import { INVERSION, imageMemory } from "./memory.js";
import { metaLearned } from "./meta-learned.js";
import { moved, movement } from "./movement.js";
import { restarting } from "./restarting.js";
import type { ImageSource, Made, SourceOptions } from "./source.js";
import { spreadOf } from "./spread.js";

/** What the generator makes the batch of, trained with it, [N, latent]. */
const LATENTS = `${INVERSION}latents`;
/** What stands before the names of values that the next batch begins with. */
const FRESH = "fresh/";

/** The published decay rates of Adam's moments. */
const BETAS = [0.5, 0.999] as const;

/** Images that a generator and its latent vectors are trained for, one batch after the other, and that are kept. */
export function rememberedImages(given: SourceOptions): ImageSource {
  const { split, train, options } = given;
  const settings = options as unknown as RememberingOptions;
  const { iterations, latent, generatorLearningRate, latentLearningRate, meta } = settings;
  const network = settings.network ?? (split.dataset.moments ? "dense" : "maps");
  const generator = buildGenerator({ ...settings, ...spreadOf(settings, split.dataset), network }, split.dataset);
  const shape = [train.batchSize, latent];
  const memory = imageMemory(given, settings);
  // Its sizes are the teacher's, who is not there when images are only looked at.
  const contrast = settings.contrast > 0 && given.liveTeacher ? contrasting(given, settings) : undefined;
  /** What begins anew with each batch, drawn and not learned. */
  const drawn = { parameters: meta ? [] : generator.parameters, buffers: [] };
  const latentsOf = (target: Float32Array, seed: number, batch: number) =>
    fillNormal(target, randomStream(seed, LATENTS, batch));

  const made = (graph: Graph): Made => {
    const latents = graph.parameter(LATENTS, "float32", shape);
    const values = declareTensors(generator, graph, GENERATOR);
    const result = generator.forward(latents, values, true);
    const weights = generator.parameters.map(({ name }) => values[name]!);
    const head = contrast?.head(graph);
    const place = memory.place(graph);
    const begun = new Map(
      [latents, ...(meta ? [] : weights)].map((parameter) => [
        parameter,
        graph.input(`${FRESH}${parameter.name}`, "float32", parameter.shape),
      ]),
    );
    const fresh = (parameter: Tensor) => begun.get(parameter)!;
    const again = { every: iterations, isLast: place.isLast, fresh };
    const inner = adam({ betas: BETAS });
    const groups = [
      {
        parameters: weights,
        optimizer: meta
          ? metaLearned(inner, { ...place, every: iterations, rate: iterations })
          : restarting(inner, again),
      },
      {
        parameters: [latents],
        optimizer: restarting(inner, again),
        rate: latentLearningRate / generatorLearningRate,
      },
      ...(head ? [{ parameters: Object.values(head), optimizer: inner }] : []),
    ];
    const images = moved(result.images, settings);
    const carried = carriedBuffers(generator, values, result);
    return {
      images,
      buffers: contrast ? carried : [...carried, ...memory.kept(graph, result.images)],
      parameters: groups.flatMap(({ parameters }) => parameters),
      optimizer: grouped(groups),
      labels: memory.labels(graph),
      priors: {},
      ...(contrast && head ? { beyond: contrast.beyond(result.images, images, head, memory.kept) } : {}),
    };
  };

  return {
    turn: { name: "generator", learningRate: () => generatorLearningRate, made },
    check: memory.check,
    initial: (seed) => {
      const latents = new Float32Array(sizeOf(shape));
      latentsOf(latents, seed, 0);
      const first = initialize(generator, seed, GENERATOR);
      return { [LATENTS]: latents, ...first, ...memory.initial(), ...contrast?.initial(seed) };
    },
    seen: memory.seen,
    feeds: (seed) => {
      const latents = new Float32Array(sizeOf(shape));
      let begun: Record<string, Float32Array> = initialize(drawn, seed, `${FRESH}${GENERATOR}`);
      const fromMemory = memory.madeFeeds();
      const fromContrast = contrast?.feeds(seed);
      return {
        seen: memory.seenFeeds(seed),
        made: (step) => {
          const next = (step + 1) / iterations;
          if (Number.isInteger(next)) {
            latentsOf(latents, seed, next);
            begun = initialize(drawn, randomStream(seed, FRESH, next).int32(), `${FRESH}${GENERATOR}`);
          }
          const moves = movement(settings, split.dataset, randomStream(seed, "jitter", step));
          return { ...fromMemory(step), ...begun, [`${FRESH}${LATENTS}`]: latents, ...moves, ...fromContrast?.(step) };
        },
      };
    },
    shown: memory.shown,
  };
}
