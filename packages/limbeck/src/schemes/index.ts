import { rememberedImages } from "./data-free/generated-memory.js";
import { generatorImages } from "./data-free/generator-source.js";
import { invertedImages } from "./data-free/inversion-source.js";
import { dataFreeWiring } from "./data-free/job.js";
import { synthesizedRows } from "./data-free/synthesis.js";
import { dinoWiring } from "./dino/wiring.js";
import { earlyExitsWiring } from "./early-exits.js";
import { kdclWiring } from "./kdcl.js";
import { meanTeacherWiring } from "./mean-teacher.js";
import { mutualWiring } from "./mutual.js";
import { looksInside } from "./needs.js";
import { checkOffline, offlineJob } from "./offline.js";
import { oneWiring } from "./one.js";
import type { Wiring } from "./wiring.js";

const withGenerator = dataFreeWiring(generatorImages);
const withMemory = dataFreeWiring(rememberedImages);

/** What the schemes do, by their records' names. */
export const wirings: Readonly<Record<string, Wiring>> = {
  offline: {
    job: offlineJob,
    // Only terms that look inside of the networks can fail to fit them.
    check: (options) => (looksInside(options.terms) ? checkOffline(options) : undefined),
  },
  mutual: mutualWiring,
  kdcl: kdclWiring,
  "mean-teacher": meanTeacherWiring,
  one: oneWiring,
  "early-exits": earlyExitsWiring,
  dino: dinoWiring,
  dfad: withGenerator,
  dafl: withGenerator,
  zskt: withGenerator,
  "deep-inversion": dataFreeWiring(invertedImages),
  cmi: withMemory,
  "fast-dfkd": withMemory,
  synthesis: dataFreeWiring(synthesizedRows),
};
