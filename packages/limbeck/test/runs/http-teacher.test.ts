import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { distill, parseRecipe, readRecipe, resume } from "limbeck";
import { describe, expect, it } from "vitest";
import { serve } from "../imported/server.js";
import { prepareRun, read, temporaryFolder } from "./harness.js";

const student = { model: { family: "mlp", hidden: [8] }, train: { epochs: 2, batchSize: 16 } };

it("a run learns from a service, pays for no answer twice, and says what it knows of it", {
  timeout: 120_000,
}, async () => {
  const samples: string[] = [];
  let credit = 5;
  const { url } = await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { inputs } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { inputs: number[][] };
    credit -= 1;
    if (credit < 0) {
      response.writeHead(402).end("no credit");
      return;
    }
    samples.push(...inputs.map(String));
    const logits = inputs.map((bytes) => [0, 1, 2, 3].map((k) => bytes[k * 9]! / 64));
    response.end(JSON.stringify({ logits }));
  });
  const teacher = { http: url, send: "numbers", batch: 40, concurrency: 1 };
  const { recipe, runDir } = prepareRun({ teacher, student, distill: [{ loss: "kd" }], seeds: 1 });
  await expect(read(distill(readRecipe(recipe), { runDir, threads: 1 }))).rejects.toMatchObject({
    code: "TEACHER_FAILED",
  });
  expect(samples).toHaveLength(200);
  credit = 100;
  const events = await read(resume(runDir));
  expect(events.at(-1)).toMatchObject({ type: "run-end", status: "done" });
  expect(samples).toHaveLength(400);
  expect(new Set(samples).size).toBe(400);
  const phases = events.flatMap((event) => (event.type === "phase-start" ? [event.phase] : []));
  expect(phases).toEqual(["label", "label-test", "student/seed-2", "baseline/seed-2", "evaluate"]);
  const { results } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
  expect(results.teacher).toMatchObject({ parameters: null, bytes: null, latencyMs: null, testSize: 80 });
  expect(results.student.agreement.mean).toBeGreaterThan(0);
  expect(existsSync(join(runDir, "teacher.onnx"))).toBe(false);
  expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain(
    "the teacher's are not known".replace("'", "&#39;"),
  );
  expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain(`${url}, version 1`);
  const again = prepareRun({ teacher, student, distill: [{ loss: "kd", temperature: 2 }], seeds: 1, baseline: false });
  const reused = await read(distill(readRecipe(again.recipe), { runDir: again.runDir, threads: 1 }));
  expect(
    reused.flatMap((event) => (event.type === "phase-end" && event.phase.startsWith("label") ? [event.reused] : [])),
  ).toEqual([true, true]);
  expect(samples).toHaveLength(400);
});

describe("recipes whose teacher is a service", () => {
  const parse = (changes: { teacher?: string; train?: string; terms?: string; more?: string }) => {
    const {
      teacher = "{ http: 'http://192.0.2.1/' }",
      train = "{ epochs: 1 }",
      terms = "[{ loss: kd }]",
      more = "",
    } = changes;
    const text = `{ name: t, data: { source: digits }, teacher: ${teacher}, distill: ${terms}, student: { model: { family: mlp, hidden: [4] }, train: ${train} }${more} }`;
    return parseRecipe(text, join(temporaryFolder(), "t.yaml"));
  };

  it("have defaults", () => {
    expect(parse({}).teacher).toMatchObject({ send: "png", batch: 32, concurrency: 2, retries: 5, timeout: 60 });
  });

  it.each([
    [
      { train: "{ epochs: 1, augment: [{ name: jitter, pixels: 1 }] }" },
      /distill: the teacher would be asked about each changed image again/,
    ],
    [
      { terms: "[{ loss: fitnets, student: relu1, teacher: x }]" },
      /fitnets looks inside of the teacher, of which there are only answers/,
    ],
    [{ terms: "auto" }, /distill: auto compares the networks/],
    [{ more: ", scheme: dafl" }, /dafl asks about images that it makes/],
    [{ teacher: "{ http: 'ftp://a/' }" }, /teacher\.http/],
    [{ teacher: "{ http: 'http://192.0.2.1/', bacth: 3 }" }, /unknown key "bacth"; did you mean "batch"/],
  ])("%j is told", (changes, message) => {
    expect(() => parse(changes)).toThrow(message);
  });
});
