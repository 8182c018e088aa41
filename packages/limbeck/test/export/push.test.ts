import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { exportStudent } from "limbeck";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { limbeck, temporaryFolder } from "../runs/harness.js";
import { digitsRun } from "./fixture.js";

const TOKEN = "hf_test";

/** As much of the hub as an upload takes: repositories, large files by their sha256, one commit. */
class LocalHub {
  readonly repositories = new Map<string, { private: boolean }>();
  readonly large = new Map<string, Buffer>();
  readonly committed = new Map<string, Buffer>();
  title = "";
  #server: Server | undefined;

  async start(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      const [status, answer] = await this.#answer(request);
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
    });
    await new Promise<void>((done) => this.#server!.listen(0, "127.0.0.1", done));
  }

  stop(): void {
    this.#server?.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage): Promise<[number, object]> {
    const body = await buffer(request);
    const url = request.url!;
    if (url.startsWith("/large/")) {
      this.large.set(url.slice("/large/".length), body);
      return [200, {}];
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return [401, { error: "Invalid username or password." }];
    if (url === "/api/repos/create") {
      const { organization, name, private: isPrivate, visibility } = JSON.parse(body.toString());
      const repository = `${organization}/${name}`;
      if (this.repositories.has(repository)) return [409, { error: "You already created this model repo" }];
      this.repositories.set(repository, { private: isPrivate === true || visibility === "private" });
      return [200, { url: `${this.url}/${repository}`, id: repository }];
    }
    if (url.endsWith("/preupload/main")) {
      const files = JSON.parse(body.toString()).files.map(({ path }: { path: string }) => ({
        path,
        uploadMode: /\.(onnx|ort|wasm)$/.test(path) ? "lfs" : "regular",
        shouldIgnore: false,
      }));
      return [200, { files }];
    }
    if (url.endsWith("/info/lfs/objects/batch")) {
      const objects = JSON.parse(body.toString()).objects.map(({ oid, size }: { oid: string; size: number }) => ({
        oid,
        size,
        actions: { upload: { href: `${this.url}/large/${oid}` } },
      }));
      return [200, { transfer: "basic", objects }];
    }
    if (url.endsWith("/commit/main")) return this.#commit(body);
    return [404, { error: `no ${url}` }];
  }

  #commit(body: Buffer): [number, object] {
    for (const line of body.toString().trim().split("\n")) {
      const { key, value } = JSON.parse(line);
      if (key === "header") this.title = value.summary;
      if (key === "file") this.committed.set(value.path, Buffer.from(value.content, value.encoding));
      if (key === "lfsFile") this.committed.set(value.path, this.large.get(value.oid)!);
    }
    return [200, { commitOid: "0".repeat(40), commitUrl: `${this.url}/commit/0`, hookOutput: "" }];
  }
}

describe("limbeck export --push", () => {
  let runDir: string;
  let hub: LocalHub;
  beforeAll(async () => {
    runDir = await digitsRun({ seeds: 1, baseline: false });
  });
  beforeEach(async () => {
    hub = new LocalHub();
    await hub.start();
    return () => hub.stop();
  });

  const push = (more: readonly string[], env: NodeJS.ProcessEnv) =>
    limbeck(["export", runDir, "--no-playground", "--json", ...more], undefined, { HF_ENDPOINT: hub.url, ...env });

  it("uploads what it wrote, byte for byte, as one commit, and again over that", async () => {
    const out = temporaryFolder();
    const args = ["--out", out, "--push", "ada/digits", "--private", "--force"];
    for (let round = 0; round < 2; round++) {
      const { code, stdout, stderr } = await push(args, { HF_TOKEN: TOKEN });
      expect(code, stdout + stderr).toBe(0);
      expect(JSON.parse(stdout).pushed).toBe(`${hub.url}/commit/0`);
    }
    expect(hub.repositories).toEqual(new Map([["ada/digits", { private: true }]]));
    expect(hub.title).toContain("tiny-digits");
    const { files } = JSON.parse(readFileSync(join(out, "limbeck.json"), "utf8"));
    expect([...hub.committed.keys()].sort()).toEqual(Object.keys(files).sort());
    for (const [name, content] of hub.committed) {
      expect(createHash("sha256").update(content).digest("hex"), name).toBe(files[name].sha256);
    }
    expect(hub.large.size).toBe(1);
  });

  it("keeps the folder where the hub refuses, or cannot be reached", async () => {
    for (const env of [{ HF_TOKEN: "wrong" }, { HF_TOKEN: TOKEN, HF_ENDPOINT: "http://127.0.0.1:9" }]) {
      const out = temporaryFolder();
      const { code, stdout } = await push(["--out", out, "--push", "ada/digits"], env);
      expect([code, JSON.parse(stdout).error.code]).toEqual([2, "PUSH_FAILED"]);
      expect(stdout).not.toContain(env.HF_TOKEN);
      expect(readFileSync(join(out, "onnx/model.onnx")).length).toBeGreaterThan(1000);
    }
    expect(hub.committed.size).toBe(0);
  });

  it.each([
    ["no repository", { repository: "digits", token: TOKEN }],
    ["no token", { repository: "ada/digits", token: undefined }],
  ])("refuses %s before it writes anything", async (_, options) => {
    const out = join(temporaryFolder(), "out");
    const failing = exportStudent(runDir, { out, push: { ...options, hubUrl: hub.url } });
    await expect(failing).rejects.toMatchObject({ code: "OPTION_INVALID", fix: expect.any(String) });
    await expect(exportStudent(runDir, { out, playground: false })).resolves.toMatchObject({ folder: out });
  });
});
