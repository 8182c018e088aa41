import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseRecipe } from "limbeck";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { fetchModel } from "../../src/imported/fetch-model.js";
import { webTarget } from "../../src/imported/web-file.js";
import { temporaryFolder } from "../runs/harness.js";
import { numbers } from "./files.js";
import { digest, hub, send, serve } from "./server.js";

const bytes = new Uint8Array(numbers(50_000).buffer);
const sha256 = digest(bytes);
let cache: string;
beforeEach(() => {
  cache = temporaryFolder();
  return () => vi.unstubAllEnvs();
});

async function fetched(file: string, options: object = {}) {
  const given = { cache, signal: new AbortController().signal, isOffline: false, ...options };
  const seen: number[] = [];
  const fetching = fetchModel(file, given);
  for (;;) {
    const next = await fetching.next();
    if (next.done) return { ...next.value, seen };
    seen.push(next.value.received);
  }
}

describe("a file from the web", () => {
  it("is fetched once, checked and kept under its name", async () => {
    const { url, requests } = await serve((request, response) => send(request, response, bytes));
    const { path, seen } = await fetched(`${url}/a/big%20one.onnx?x=1`, { sha256 });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(path).toMatch(/big_20one\.onnx$/);
    expect(seen.at(-1)).toBe(bytes.length);
    expect((await fetched(`${url}/a/big%20one.onnx?x=1`, { sha256, isOffline: true })).path).toBe(path);
    expect(requests).toHaveLength(1);
  });

  it("goes on where a lost connection left it, in this process or the next", async () => {
    let calls = 0;
    const { url, requests } = await serve((request, response) => {
      calls += 1;
      if (calls > 2) return send(request, response, bytes);
      const start = calls === 1 ? 0 : Number(/\d+/.exec(request.headers.range!)![0]);
      const range = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
      response.writeHead(calls === 1 ? 200 : 206, { "content-length": bytes.length - start, ...range });
      response.write(bytes.subarray(start, start + 1000));
      setTimeout(() => response.destroy(), 100);
    });
    const target = webTarget(cache, `${url}/m.onnx`, sha256);
    const { path } = await fetched(`${url}/m.onnx`, { sha256 });
    expect(path).toBe(target);
    expect(requests.map(({ range }) => range)).toEqual([undefined, "bytes=1000-", "bytes=2000-"]);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  it.each([
    ["a server that begins anew", (_: string | undefined) => false],
    ["a server that goes on", (range: string | undefined) => range !== undefined],
  ])("comes whole from %s, whatever lay there", async (_, goesOn) => {
    const { url } = await serve((request, response) => {
      if (!goesOn(request.headers.range)) request.headers.range = undefined;
      send(request, response, bytes);
    });
    const target = webTarget(cache, `${url}/m.onnx`, sha256);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.part`, "something else");
    expect(readFileSync((await fetched(`${url}/m.onnx`, { sha256 })).path).equals(bytes)).toBe(true);
  });

  it.each([
    [
      "another file",
      (response: { end(bytes: Uint8Array): void }) => response.end(bytes.subarray(1)),
      "HASH_MISMATCH",
      /sha256 is .*, expected/,
    ],
    [
      "nothing",
      (response: { writeHead(status: number): { end(): void } }) => response.writeHead(404).end(),
      "DOWNLOAD_FAILED",
      /HTTP 404/,
    ],
    [
      "too much",
      (response: { writeHead(status: number, headers: object): { end(): void } }) =>
        response.writeHead(200, { "content-length": 3e9 }).end(),
      "DOWNLOAD_FAILED",
      /more than 2147483647 bytes/,
    ],
  ])("is not taken where the server has %s", async (_, answer, code, message) => {
    const { url } = await serve((__, response) => void answer(response as never));
    await expect(fetched(`${url}/m.onnx`, { sha256 })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(existsSync(webTarget(cache, `${url}/m.onnx`, sha256))).toBe(false);
  });

  it("stops when it is told to, and keeps what has come", async () => {
    const controller = new AbortController();
    const { url } = await serve((_, response) => {
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 1000));
    });
    const fetching = fetchModel(`${url}/m.onnx`, { cache, signal: controller.signal, sha256, isOffline: false });
    await fetching.next();
    controller.abort();
    await expect(fetching.next()).rejects.toThrow(/abort/i);
    expect(readFileSync(`${webTarget(cache, `${url}/m.onnx`, sha256)}.part`)).toHaveLength(1000);
  });

  it("is not asked for offline", async () => {
    await expect(fetched("https://192.0.2.1/m.onnx", { sha256, isOffline: true })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: expect.stringContaining("LIMBECK_OFFLINE"),
    });
  });
});

describe("a repository of the hub", () => {
  const [first, second] = ["a".repeat(40), "b".repeat(40)];
  const text = (content: string) => Buffer.from(content);
  const files = {
    "onnx/model.onnx": bytes,
    "onnx/model.onnx_data": text("weights"),
    "onnx/other.onnx": text("other"),
    "config.json": text("{}"),
    "README.md": text("read me"),
  };

  it("gives its usual model with weights and configurations, by commit", async () => {
    let commit = first;
    const { url, requests } = await serve(hub("who/net", () => commit, files));
    vi.stubEnv("HF_ENDPOINT", url);
    vi.stubEnv("HF_TOKEN", "hf_secret");
    const one = await fetched("hf://who/net");
    expect(one.commit).toBe(first);
    expect(readFileSync(one.path).equals(bytes)).toBe(true);
    expect(readFileSync(join(dirname(one.path), "model.onnx_data"), "utf8")).toBe("weights");
    expect(readFileSync(join(dirname(one.path), "../config.json"), "utf8")).toBe("{}");
    expect(existsSync(join(dirname(one.path), "other.onnx"))).toBe(false);
    expect(requests.every(({ authorization }) => authorization === "Bearer hf_secret")).toBe(true);
    commit = second;
    expect((await fetched("hf://who/net")).commit).toBe(second);
    expect((await fetched("hf://who/net", { commit: first })).path).toBe(one.path);
  });

  it("is taken from the cache where the hub is not there, and at a commit that is known", async () => {
    const { url, requests } = await serve(hub("who/net", () => first, files));
    vi.stubEnv("HF_ENDPOINT", url);
    const { path } = await fetched("hf://who/net/onnx/other.onnx");
    await fetched(`hf://who/net@${first}/onnx/other.onnx`);
    const asked = requests.length;
    expect((await fetched(`hf://who/net@${first}/onnx/other.onnx`)).path).toBe(path);
    expect(requests).toHaveLength(asked);
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect((await fetched("hf://who/net/onnx/other.onnx")).path).toBe(path);
    expect((await fetched("hf://who/net/onnx/other.onnx", { isOffline: true })).path).toBe(path);
  });

  it.each([
    ["hf://who/else", {}, /no such repository/, /Check the name/],
    ["hf://who/net/onnx/modl.onnx", {}, /has no file onnx\/modl\.onnx/, /hf:\/\/who\/net\/onnx\/model\.onnx/],
    ["hf://who/net", { sha256: "0".repeat(64) }, /another file than was asked for/, /sha256/],
  ])("%s %j is told", async (address, options, message, fix) => {
    const { url } = await serve(hub("who/net", () => first, files));
    vi.stubEnv("HF_ENDPOINT", url);
    await expect(fetched(address, options)).rejects.toMatchObject({
      code: expect.stringMatching(/DOWNLOAD_FAILED|HASH_MISMATCH/),
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });

  it("that says one thing and sends another is not believed", async () => {
    const right = hub("who/net", () => first, files);
    const { url } = await serve((request, response) => {
      const isBody = request.url!.endsWith("model.onnx") && request.headers.range !== "bytes=0-0";
      if (isBody) send(request, response, new Uint8Array(bytes.length));
      else right(request, response);
    });
    vi.stubEnv("HF_ENDPOINT", url);
    await expect(fetched("hf://who/net")).rejects.toMatchObject({ code: "HASH_MISMATCH" });
  });

  it("writes nowhere but into the cache", async () => {
    const evil = {
      "model.onnx": bytes,
      "model.onnx_data/../../../../../../evil": text("evil"),
      "../config.json": text("evil"),
    };
    const { url, requests } = await serve(hub("who/net", () => first, evil));
    vi.stubEnv("HF_ENDPOINT", url);
    await fetched("hf://who/net");
    expect(requests.some(({ url: asked }) => /evil|config/.test(asked))).toBe(false);
    const wrong = await serve(hub("who/net", () => "../../up", files));
    vi.stubEnv("HF_ENDPOINT", wrong.url);
    await expect(fetched("hf://who/net@x")).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
  });
});

describe("recipes", () => {
  const parse = (teacher: string) =>
    parseRecipe(
      `{ name: t, data: { source: digits }, student: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 } }, teacher: ${teacher} }`,
      join(temporaryFolder(), "t.yaml"),
    ).teacher;

  it("keep addresses as they are", () => {
    expect(parse("{ onnx: hf://who/net@main/model.onnx }")).toMatchObject({ onnx: "hf://who/net@main/model.onnx" });
    const model = `{ onnx: "https://192.0.2.1/m.onnx", sha256: "${sha256}" }`;
    expect(parse(`{ model: ${model}, train: { epochs: 1 } }`)).toMatchObject({
      model: { onnx: "https://192.0.2.1/m.onnx" },
    });
  });

  it.each([
    ["{ onnx: 'https://192.0.2.1/m.onnx' }", /t\.yaml:\d+:\d+ teacher\.onnx: a file from the web needs its sha256/],
    ["{ onnx: 'hf://net' }", /is no hub address/],
    ["{ onnx: 'hf://who/net/../x.onnx' }", /is no hub address/],
    ["{ onnx: m.onnx, sha256: abc }", /teacher\.sha256: takes 64 digits/],
  ])("%s", (teacher, message) => {
    expect(() => parse(teacher)).toThrow(message);
  });
});
