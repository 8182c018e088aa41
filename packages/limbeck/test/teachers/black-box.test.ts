import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { ImageDataset } from "../../src/data/dataset.js";
import { askBlackBox } from "../../src/teachers/black-box/ask.js";
import { httpTeacher } from "../../src/teachers/black-box/http.js";
import { Journal } from "../../src/teachers/black-box/journal.js";
import { httpTeacherOptions } from "../../src/teachers/black-box/options.js";
import type { BlackBox } from "../../src/teachers/black-box/source.js";
import { serve } from "../imported/server.js";
import { temporaryFolder } from "../runs/harness.js";

const SIZE = 10;
const pixels = Uint8Array.from({ length: SIZE * 12 }, (_, i) => (7 * i) % 256);
const dataset: ImageDataset = {
  name: "colors",
  size: SIZE,
  classes: ["a", "b"],
  channels: 3,
  height: 2,
  width: 2,
  pixels,
  labels: new Uint8Array(SIZE),
};
const split = { dataset, indices: Uint32Array.of(9, 0, 3, 4, 5, 6, 7) };

async function bodyOf(request: IncomingMessage): Promise<{ shape: number[]; images?: string[]; inputs?: number[][] }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

/** What the service of the tests thinks of an image's bytes. */
const logits = (bytes: readonly number[]) => [bytes[0]! / 16, bytes.at(-1)! / 16];

const own = (sample: number) => logits([...pixels.subarray(12 * sample, 12 * sample + 12)]);

function service(
  answer: (inputs: number[][], call: number) => { status?: number; headers?: object; body: unknown } | undefined,
) {
  let calls = 0;
  return serve(async (request, response) => {
    const { inputs = [] } = await bodyOf(request);
    const call = calls++;
    const { status = 200, headers = {}, body } = answer(inputs, call) ?? { body: { logits: inputs.map(logits) } };
    response.writeHead(status, { ...headers }).end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

async function asked(box: BlackBox, journal: string, signal = new AbortController().signal) {
  const seen: number[] = [];
  const asking = askBlackBox(box, split, { journal, signal });
  for (;;) {
    const next = await asking.next();
    if (next.done) return { logits: [...next.value], seen };
    seen.push(next.value);
  }
}

const teacher = (url: string, options: object = {}, env = {}) =>
  httpTeacher(httpTeacherOptions.parse({ http: `${url}/v1`, send: "numbers", batch: 3, ...options }), env);
const journalIn = () => join(temporaryFolder(), "cache/asked.journal");
const expected = [...split.indices].flatMap(own);

describe("a service is asked", () => {
  it("about each sample once, in batches, and its answers stand in the split's order", async () => {
    const { url, requests } = await service(() => undefined);
    const journal = journalIn();
    const first = await asked(teacher(url), journal);
    expect(first.logits).toEqual(expected);
    expect(first.seen.at(-1)).toBe(7);
    expect((await asked(teacher(url), journal)).logits).toEqual(expected);
    expect(requests).toHaveLength(3);
  });

  it("with images as PNG, and headers from the environment", async () => {
    const seen: { shape: number[]; bytes: number[]; authorization: string | undefined }[] = [];
    const { url } = await serve(async (request, response) => {
      const { shape, images = [] } = await bodyOf(request);
      for (const image of images) {
        const { data, info } = await sharp(Buffer.from(image, "base64")).raw().toBuffer({ resolveWithObject: true });
        expect([info.channels, info.height, info.width]).toEqual(shape);
        seen.push({ shape, bytes: [...data], authorization: request.headers.authorization });
      }
      response.end(JSON.stringify({ probabilities: images.map(() => [0.75, 0.25]) }));
    });
    const box = teacher(
      url,
      { send: "png", batch: 7, headers: { Authorization: `Bearer $${"{TOKEN}"}` } },
      { TOKEN: "secret" },
    );
    const given = await asked(box, journalIn());
    expect(given.logits[0]! - given.logits[1]!).toBeCloseTo(Math.log(3), 5);
    expect(seen[0]!.authorization).toBe("Bearer secret");
    const planes = pixels.subarray(108, 120);
    expect(seen[0]!.bytes).toEqual(Array.from({ length: 12 }, (_, i) => planes[(i % 3) * 4 + Math.floor(i / 3)]));
  });

  it("again where it was busy or broken, and as late as it says", async () => {
    const { url, requests } = await service((_, call) => {
      if (call === 0) return { status: 429, headers: { "retry-after": "0" }, body: "slow down" };
      return call === 1 ? { status: 503, headers: { "retry-after": "0.01" }, body: "" } : undefined;
    });
    expect((await asked(teacher(url, { concurrency: 1, batch: 7 }), journalIn())).logits).toEqual(expected);
    expect(requests).toHaveLength(3);
  });

  it("no more once it has refused, and what it had answered is kept", async () => {
    let isOpen = false;
    const { url, requests } = await service((_, call) =>
      call === 0 || isOpen ? undefined : { status: 402, body: "no credit" },
    );
    const journal = journalIn();
    await expect(asked(teacher(url, { concurrency: 1 }), journal)).rejects.toMatchObject({
      code: "TEACHER_FAILED",
      message: expect.stringMatching(/HTTP 402 Payment Required: no credit/),
      fix: expect.stringMatching(/limbeck resume/),
    });
    expect(requests).toHaveLength(2);
    isOpen = true;
    expect((await asked(teacher(url, { concurrency: 1 }), journal)).logits).toEqual(expected);
    expect(requests).toHaveLength(4);
  });

  it("until it is told to stop", async () => {
    const { url } = await serve(() => {});
    const controller = new AbortController();
    const asking = asked(teacher(url), journalIn(), controller.signal);
    setTimeout(() => controller.abort(), 50);
    await expect(asking).rejects.toThrow(/abort/i);
  });

  it.each([
    ["<html>", /is no JSON: <html>/],
    [{ answers: [] }, /neither logits nor probabilities/],
    [{ logits: [["1", "2"]] }, /neither logits nor probabilities/],
    [{ logits: [[1, 2]] }, /has 1 rows to 7 samples/],
    [{ logits: Array.from({ length: 7 }, () => [1, 2, 3]) }, /row of 3 numbers for 2 classes/],
    ['{"logits": [[1e999, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]}', /neither logits nor probabilities/],
  ])("and its answer is read with care: %j", async (body, message) => {
    const { url } = await service(() => ({ body }));
    await expect(asked(teacher(url, { batch: 7 }), journalIn())).rejects.toMatchObject({
      code: "TEACHER_FAILED",
      message: expect.stringMatching(message),
      fix: expect.stringMatching(/7 rows of 2 numbers/),
    });
  });

  it("not without the variables that its headers name", async () => {
    const { url, requests } = await service(() => undefined);
    const box = teacher(url, { headers: { "x-api-key": `$${"{KEY_OF_NOBODY}"}` } });
    await expect(asked(box, journalIn())).rejects.toMatchObject({
      code: "TEACHER_FAILED",
      message: expect.stringContaining("KEY_OF_NOBODY"),
    });
    expect(requests).toHaveLength(0);
  });

  it("where nobody is", async () => {
    const box = teacher("http://127.0.0.1:9", { retries: 0 });
    await expect(asked(box, journalIn())).rejects.toMatchObject({
      code: "TEACHER_FAILED",
      message: expect.stringMatching(/does not answer/),
    });
  });
});

describe("a journal of answers", () => {
  const rows = [
    [3, Float32Array.of(1, -2)],
    [70_000, Float32Array.of(0.5, 1e-9)],
  ] as const;

  it("has what was added, also after the process has ended anywhere in a record", () => {
    const path = journalIn();
    const journal = new Journal(path, 2);
    journal.add(rows);
    journal.close();
    const whole = readFileSync(path);
    for (let cut = 0; cut <= whole.length; cut++) {
      writeFileSync(path, whole);
      truncateSync(path, cut);
      const after = new Journal(path, 2);
      expect([3, 70_000].map((sample) => after.get(sample) !== undefined)).toEqual([cut >= 20, cut >= 40]);
      after.add([[5, Float32Array.of(7, 8)]]);
      after.close();
      const again = new Journal(path, 2);
      expect(again.get(5)).toEqual(Float32Array.of(7, 8));
      if (cut >= 40) expect(again.get(70_000)).toEqual(rows[1][1]);
    }
  });

  it("believes no record that does not hash to what it says", () => {
    const path = journalIn();
    const journal = new Journal(path, 2);
    journal.add(rows);
    journal.close();
    appendFileSync(path, new Uint8Array(20));
    const bytes = readFileSync(path);
    bytes[22]! ^= 1;
    writeFileSync(path, bytes);
    const after = new Journal(path, 2);
    expect([after.get(3) !== undefined, after.get(70_000), after.get(0)]).toEqual([true, undefined, undefined]);
  });
});
