import { checkDataFree, dataFreeJob } from "./data-free/job.js";
import { synthesisWiring } from "./data-free/synthesis.js";
import { earlyExitsWiring } from "./early-exits.js";
import { kdclWiring } from "./kdcl.js";
import { meanTeacherWiring } from "./mean-teacher.js";
import { mutualWiring } from "./mutual.js";
import { needsLiveTeacher } from "./needs.js";
import { checkOffline, offlineJob } from "./offline.js";
import { oneWiring } from "./one.js";
import type { Wiring } from "./wiring.js";

const dataFree: Wiring = { job: dataFreeJob, check: checkDataFree };

/** What the schemes do, by their records' names. */
export const wirings: Readonly<Record<string, Wiring>> = {
  offline: {
    job: offlineJob,
    // Only terms that look inside of the networks can fail to fit them.
    check: (options) => (needsLiveTeacher(options.terms) ? checkOffline(options) : undefined),
  },
  mutual: mutualWiring,
  kdcl: kdclWiring,
  "mean-teacher": meanTeacherWiring,
  one: oneWiring,
  "early-exits": earlyExitsWiring,
  dfad: dataFree,
  dafl: dataFree,
  zskt: dataFree,
  synthesis: synthesisWiring,
};
