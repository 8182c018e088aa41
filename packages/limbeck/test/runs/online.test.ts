import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import type { RunResults } from "../../src/evaluate/results.js";
import { fingerprint, killAndResume, limbeck, prepareRun } from "./harness.js";

/** Schemes without a teacher, and what they train beside the student. */
const SCHEMES = [
  { scheme: { name: "kdcl", target: "linear", peers: [{ family: "mlp", hidden: [12] }] }, beside: ["peer2"] },
  { scheme: { name: "mean-teacher", decay: 0.9 }, beside: ["ema"] },
  { scheme: { name: "one", branches: 2 }, beside: ["branch2", "ensemble"] },
];

const train = { epochs: 40, batchSize: 16, augment: [{ name: "jitter", pixels: 1 }] };

describe.skipIf(process.platform !== "linux").each(SCHEMES)("a run with $scheme.name", ({ scheme, beside }) => {
  it("measures and exports what learned beside the student, and resumes to the same bits", {
    timeout: 240_000,
  }, async () => {
    const changes = {
      teacher: undefined,
      distill: undefined,
      student: { model: { family: "mlp", hidden: [8] }, train },
      scheme,
      seeds: 1,
    };
    const { recipe, runDir } = prepareRun(changes);
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir, "--json"]);
    expect(code, stderr).toBe(0);
    const { results }: { results: RunResults } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
    expect(results.peers!.map(({ name }) => name)).toEqual(beside);
    const models = ["student", ...beside.map((name) => `student-${name}`)].map((name) => `${name}.onnx`);
    for (const file of models) {
      const session = await nodeBackend.createSession(readFileSync(join(runDir, file)));
      const images = nodeBackend.tensor("float32", new Float32Array(2 * 36), [2, 1, 6, 6]);
      expect((await session.run({ images })).logits!.dims).toEqual([2, 4]);
    }
    const files = [...models, "checkpoints/student/seed-2.safetensors"];
    const first = fingerprint(runDir, files);
    expect(new Set(models.map((file) => first[file])).size).toBe(models.length);
    expect(fingerprint(await killAndResume(changes), files)).toEqual(first);
  });
});
