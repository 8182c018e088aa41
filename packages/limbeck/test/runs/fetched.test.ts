import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distill, evaluateModels, exportStudent, readRecipe, resume } from "limbeck";
import { expect, it, vi } from "vitest";
import { writeNetwork } from "../imported/files.js";
import { dataHub, digest, hub, send, serve } from "../imported/server.js";
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

/** Rows of two classes that differ by a number. */
const csv = (shift: number) =>
  Buffer.from(
    `a,b,kind\n${Array.from({ length: 60 }, (_, i) => `${i + shift},${(i * 7) % 5},k${i % 2}`).join("\n")}\n`,
  );

it("a run goes on with the data of the hub at the commit that it began with, and a new one takes the next", {
  timeout: 120_000,
}, async () => {
  const [one, two] = ["1".repeat(40), "2".repeat(40)];
  const files = { [one]: { "rows.csv": csv(0), "test.csv": csv(1) }, [two]: { "rows.csv": csv(5) } };
  let main = one;
  const server = await serve(dataHub("who/rows", files, () => ({ main, v1: one })));
  vi.stubEnv("HF_ENDPOINT", server.url);
  const named = { table: ["hf://datasets/who/rows/rows.csv"], testTable: ["hf://datasets/who/rows@v1/test.csv"] };
  const changes = { data: { source: { ...named, label: "kind" } }, teacher: student, distill: "auto", seeds: 1 };
  const { recipe, folder, runDir } = prepareRun({ ...changes, student, baseline: false });
  await read(distill(readRecipe(recipe), { runDir, threads: 1 }), (event) => event.type === "epoch");
  await unlocked(runDir);
  main = two;
  const resumed = await read(resume(runDir));
  expect(resumed.at(-1)).toMatchObject({ type: "run-end", status: "done" });
  const runOf = (path: string) => JSON.parse(readFileSync(join(path, "run.json"), "utf8"));
  const commits = (main: string) => ({ [named.table[0]!]: main, [named.testTable[0]!]: one });
  expect(runOf(runDir).commits).toEqual(commits(one));
  expect(readRecipe(join(runDir, "recipe.yaml")).data.source).toMatchObject(named);
  expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain(`${named.table[0]}, commit ${one}`);
  const { models } = await evaluateModels({ data: runDir });
  expect(models.length).toBeGreaterThan(1);
  const exported = await exportStudent(runDir, { out: join(folder, "export"), playground: false });
  expect(readFileSync(join(exported.folder, "README.md"), "utf8")).toContain(`commit \`${one}\``);
  const again = join(folder, "again");
  await read(distill(readRecipe(recipe), { runDir: again, threads: 1 }));
  vi.unstubAllEnvs();
  expect(runOf(again).commits).toEqual(commits(two));
  expect(runOf(again).dataSha256).not.toBe(runOf(runDir).dataSha256);
});
