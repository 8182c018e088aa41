import { adam, type Graph, randomStream, type Tensor } from "@limbeck/graph";
import { carriedBuffers, declareTensors, initialize } from "../../models/model.js";
import type { GeneratorOptions } from "../../recipe/schemes/data-free.js";
import { learningRateOf } from "../offline.js";
import { buildGenerator, GENERATOR } from "./generator.js";
import { feeding, fillNormal, normalFill } from "./images.js";
import type { ImageSource, SourceOptions } from "./source.js";
import { spreadOf } from "./spread.js";

/** Images that a generator makes anew for every step. */
export function generatorImages({ split, train, options }: SourceOptions): ImageSource {
  const settings = options as unknown as GeneratorOptions;
  const { latent, rounds, studentSteps, generatorLearningRate } = settings;
  const network = settings.network ?? (split.dataset.moments ? "dense" : "maps");
  const correlated = settings.correlated ? split.dataset.moments : undefined;
  const spread = spreadOf(settings, split.dataset);
  const generator = buildGenerator({ ...settings, ...spread, network, correlated }, split.dataset);
  const shape = [train.batchSize, latent];
  const pass = (latents: Tensor, training: boolean) => {
    const values = declareTensors(generator, latents.graph, GENERATOR);
    return { values, result: generator.forward(latents, values, training) };
  };
  const make = (graph: Graph) => {
    const { values, result } = pass(graph.input("latents", "float32", shape), true);
    const parameters = generator.parameters.map(({ name }) => values[name]!);
    return { images: result.images, parameters, buffers: carriedBuffers(generator, values, result) };
  };
  return {
    turn: {
      name: "generator",
      learningRate: learningRateOf(train, rounds, generatorLearningRate),
      made: (graph) => ({ ...make(graph), optimizer: adam(), priors: {} }),
    },
    check: () => {},
    initial: (seed) => initialize(generator, seed, GENERATOR),
    seen: make,
    feeds: (seed) => {
      const latents = feeding("latents", shape, normalFill(seed, "latents"));
      return { seen: latents, made: (step) => latents(step, studentSteps) };
    },
    shown: (graph, most, seed) => {
      const numbers = new Float32Array(most * latent);
      fillNormal(numbers, randomStream(seed, "shown"));
      return pass(graph.constant("float32", [most, latent], numbers), false).result.images;
    },
  };
}
