import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distill, readRecipe, resume } from "limbeck";
import { expect, it, vi } from "vitest";
import { writeNetwork } from "../imported/files.js";
import { digest, hub, send, serve } from "../imported/server.js";
import { prepareRun, read, temporaryFolder, unlocked } from "./harness.js";

const bytes = readFileSync(writeNetwork(temporaryFolder(), { classes: 4 }));
const student = { model: { family: "mlp", hidden: [4] }, train: { epochs: 1, batchSize: 32 } };

it("a run fetches its teacher from the web, and its student's body from the hub, at the commit that it began with", {
  timeout: 120_000,
}, async () => {
  const web = await serve((request, response) => send(request, response, bytes));
  let commit = "a".repeat(40);
  const repository = await serve(hub("who/net", () => commit, { "model.onnx": bytes }));
  vi.stubEnv("HF_ENDPOINT", repository.url);
  const teacher = { onnx: `${web.url}/m.onnx`, sha256: digest(bytes) };
  const model = { onnx: "hf://who/net", trainable: ["head.*"] };
  const { recipe, runDir } = prepareRun({
    teacher,
    student: { ...student, model },
    distill: "auto",
    seeds: 1,
    baseline: false,
  });
  const events = await read(distill(readRecipe(recipe), { runDir, threads: 1 }), (event) => event.type === "epoch");
  await unlocked(runDir);
  expect(events.flatMap((event) => (event.type === "phase-end" ? [event.phase] : []))).toContain("download");
  commit = "b".repeat(40);
  const resumed = await read(resume(runDir));
  vi.unstubAllEnvs();
  expect(resumed.at(-1)).toMatchObject({ type: "run-end", status: "done" });
  const { commits } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
  expect(commits).toEqual({ "hf://who/net": "a".repeat(40) });
  const written = readRecipe(join(runDir, "recipe.yaml"));
  expect([written.teacher, written.student.model]).toMatchObject([teacher, model]);
  expect(written.distill[0]!.loss).not.toBe("auto");
});

it("a path with a sha256 must be that file", { timeout: 60_000 }, async () => {
  const { recipe, runDir, folder } = prepareRun({ teacher: { onnx: "m.onnx", sha256: "0".repeat(64) }, student });
  writeFileSync(join(folder, "m.onnx"), bytes);
  await expect(read(distill(readRecipe(recipe), { runDir }))).rejects.toMatchObject({
    code: "HASH_MISMATCH",
    message: expect.stringContaining(digest(bytes)),
  });
});
