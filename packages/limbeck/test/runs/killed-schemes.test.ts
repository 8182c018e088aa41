import { randomStream } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { finalFiles, fingerprint, killer, limbeck, prepareRun } from "./harness.js";

const mlp = (...hidden: readonly number[]) => ({ family: "mlp", hidden });
const teacher = { model: mlp(32), train: { epochs: 20, batchSize: 32 } };
const student = { model: mlp(12), train: { epochs: 60, batchSize: 8 } };
const alone = { teacher: undefined, student };
const inside = { loss: "cosine", student: "relu1", teacher: "relu1" };

/** One recipe for each way to wire models and losses; data-free schemes are in `data-free.test.ts`. */
const SCHEMES: Readonly<Record<string, object>> = {
  "offline, live teacher": { teacher, student, distill: [{ loss: "kd" }, inside] },
  "an ensemble of teachers": { teacher: { ensemble: [teacher, teacher], combine: "confidence" }, student },
  assistants: { teacher, assistants: [{ model: mlp(20) }], student },
  generations: { teacher, generations: 2, student },
  "ps-kd, which remembers predictions": { ...alone, distill: [{ loss: "ps-kd" }] },
  "cs-kd, which draws partners": { ...alone, distill: [{ loss: "cs-kd" }, { loss: "cross-entropy" }] },
  mutual: { ...alone, scheme: "mutual", distill: undefined },
  "kdcl, with errors on held-out samples": {
    ...alone,
    scheme: { name: "kdcl", target: "general", heldOut: 0.2 },
    distill: undefined,
  },
  "mean-teacher": { ...alone, scheme: "mean-teacher", distill: undefined },
  one: { ...alone, student: { ...student, model: mlp(12, 8) }, scheme: "one", distill: undefined },
  "early-exits": { ...alone, student: { ...student, model: mlp(12, 8) }, scheme: "early-exits", distill: undefined },
  dino: {
    ...alone,
    scheme: {
      name: "dino",
      labels: 12,
      epochs: 30,
      batchSize: 16,
      locals: 1,
      hidden: 16,
      bottleneck: 8,
      prototypes: 16,
    },
    distill: undefined,
  },
  specialists: {
    teacher: {
      specialists: [
        { ...teacher, owns: [0, 1] },
        { ...teacher, owns: [2, 3] },
      ],
    },
    student,
    distill: undefined,
  },
};

const isLinux = process.platform === "linux";

describe.skipIf(!isLinux)(
  "a run that is killed at random resumes to the same bits (skipped where there is no /proc)",
  () => {
    it.each(Object.entries(SCHEMES))("%s", { timeout: 240_000 }, async (_, changes) => {
      const recipe = { seeds: 1, baseline: false, ...changes };
      const [whole, killed] = [prepareRun(recipe), prepareRun(recipe)];
      expect((await limbeck(["run", whole.recipe, "--out", whole.runDir, "--json"])).code).toBe(0);
      const seed = Date.now();
      const random = randomStream(seed);
      const quick = ["--json", "--checkpoint-every", "0.02"];
      let result = await limbeck(["run", killed.recipe, "--out", killed.runDir, ...quick], killer(random, 1200));
      for (let kills = 1; result.code !== 0 && kills < 8; kills++) {
        result = await limbeck(["resume", killed.runDir, ...quick], kills < 2 ? killer(random, 1500) : undefined);
      }
      expect(result.code, `seed ${seed}: ${result.stdout}${result.stderr}`).toBe(0);
      const files = finalFiles(whole.runDir);
      expect(finalFiles(killed.runDir)).toEqual(files);
      expect(files.length).toBeGreaterThan(1);
      expect(fingerprint(killed.runDir, files)).toEqual(fingerprint(whole.runDir, files));
    });
  },
);
