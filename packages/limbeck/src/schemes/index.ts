import { checkDataFree, dataFreeJob } from "./data-free/job.js";
import { checkMutual, mutualJob } from "./mutual.js";
import { needsLiveTeacher } from "./needs.js";
import { checkOffline, offlineJob } from "./offline.js";
import type { Wiring } from "./wiring.js";

/** What the schemes do, by their records' names. */
export const wirings: Readonly<Record<string, Wiring>> = {
  offline: {
    job: offlineJob,
    // Only terms that look inside of the networks can fail to fit them.
    check: (options) => (needsLiveTeacher(options.terms) ? checkOffline(options) : undefined),
  },
  mutual: { job: mutualJob, check: checkMutual },
  dfad: { job: dataFreeJob, check: checkDataFree },
  dafl: { job: dataFreeJob, check: checkDataFree },
  zskt: { job: dataFreeJob, check: checkDataFree },
};
