import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeBackend } from "@limbeck/graph/node";
import { readRecipe } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunResults } from "../../src/evaluate/results.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { fingerprint, killAndResume, limbeck, prepareRun } from "./harness.js";

/** A student, one like it, and one of another kind. */
const MUTUAL = {
  teacher: undefined,
  distill: undefined,
  student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 40, batchSize: 16 } },
  scheme: {
    name: "mutual",
    peers: [
      { family: "mlp", hidden: [8] },
      { family: "mlp", hidden: [6, 5] },
    ],
  },
};

const FILES = [
  ...["student", "student-peer2", "student-peer3", "baseline"].map((name) => `${name}.onnx`),
  ...["student", "baseline"].flatMap((arm) => [2, 3].map((seed) => `checkpoints/${arm}/seed-${seed}.safetensors`)),
];

describe("a run without a teacher", () => {
  const { recipe, runDir } = prepareRun(MUTUAL);
  let results: RunResults;
  beforeAll(async () => {
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir, "--json"]);
    expect(code, stderr).toBe(0);
    ({ results } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")));
    expect(JSON.parse(stdout).results.peers).toEqual(results.peers);
  });

  it("measures every peer, and compares those that are the student's model with the baseline", () => {
    expect(results.teacher).toBeNull();
    expect(results.student).toMatchObject({ agreement: null, klToTeacher: null, mapCosine: null });
    expect(results.verdict!.sentence).toMatch(/with its peers/);
    const [twin, other] = results.peers!;
    expect(twin).toMatchObject({ name: "peer2", family: "mlp", parameters: results.student.parameters });
    expect(twin!.verdict).toMatchObject({ difference: expect.any(Number) });
    expect(other).toMatchObject({ name: "peer3", verdict: null });
    for (const peer of results.peers!) expect(peer.errors).toHaveLength(2);
  });

  it("keeps the student's values by their plain names, and the peers' beside them", async () => {
    const { tensors } = readSafetensors(join(runDir, "checkpoints/student/seed-2.safetensors"));
    const own = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"];
    expect(Object.keys(tensors)).toEqual(expect.arrayContaining([...own, ...own.map((name) => `peer2/${name}`)]));
    expect(tensors["peer3/fc3.weight"]!.shape).toEqual([4, 5]);
    expect(tensors["peer2/fc1.weight"]!.data).not.toEqual(tensors["fc1.weight"]!.data);
    for (const [file, width] of [
      ["student.onnx", 8],
      ["student-peer3.onnx", 6],
    ] as const) {
      const session = await nodeBackend.createSession(readFileSync(join(runDir, file)));
      const images = nodeBackend.tensor("float32", new Float32Array(2 * 36), [2, 1, 6, 6]);
      expect((await session.run({ images })).logits!.dims, `${file} of width ${width}`).toEqual([2, 4]);
    }
  });

  it("has a report that speaks of peers and of no teacher", () => {
    const page = readFileSync(join(runDir, "report.html"), "utf8").replaceAll(/<style>[\s\S]*?<\/style>/g, "");
    const text = page.replaceAll(/<script[\s\S]*?<\/script>/g, "").replaceAll(/<[^>]*>/g, " ");
    expect(text).toContain("Beside the student");
    expect(text).toContain("trained with its peers");
    expect(text).not.toMatch(/the teacher|undefined|NaN/);
  });

  it("shows the peers in the terminal, and has no phase for a teacher", async () => {
    const { code, stdout } = await limbeck(["resume", runDir]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/peer2 \(mlp, \d+ parameters\): \d+\.\d ± \d+\.\d test errors .* than the baseline/);
    expect(stdout).toMatch(/peer3 \(mlp, \d+ parameters\): \d+\.\d ± \d+\.\d test errors \(\d+, \d+\)\./);
    expect(stdout).not.toMatch(/teacher|labelling/);
  });

  it("keeps the scheme's usual terms in its folder's recipe", () => {
    expect(readRecipe(join(runDir, "recipe.yaml")).distill).toMatchObject([
      { loss: "kd", temperature: 1 },
      { loss: "cross-entropy" },
    ]);
  });

  it.skipIf(process.platform !== "linux")("that is killed resumes to the same bits", { timeout: 240_000 }, async () => {
    expect(fingerprint(await killAndResume(MUTUAL), FILES)).toEqual(fingerprint(runDir, FILES));
  });
});
