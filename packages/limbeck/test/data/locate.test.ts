import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type DataContext, locateFile, locateFiles } from "../../src/data/locate.js";
import type { PublishedFile } from "../../src/data/published.js";
import { sha256 } from "../../src/support/hash.js";
import { errorOf, put, serve, temporaryFolder } from "./helpers.js";

const GOOD = Buffer.from("the published file");
const SORTED = Buffer.from("the re-packed file");

function published(base = "http://192.0.2.1/", name = "a.gz"): PublishedFile {
  const hashes = { official: [sha256(GOOD)], sorted: [sha256(SORTED)] };
  return { name, url: base + name, bytes: GOOD.length, sha256: hashes };
}

/** Never the network: a test that wants some names a server of its own. */
const noFetch: typeof fetch = async () => {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error("no such host"), { code: "ENOTFOUND" }) });
};

interface World {
  readonly mirror: string;
  readonly second: string;
  readonly system: string;
  readonly cache: string;
  readonly context: DataContext & { readonly env: Record<string, string> };
}

function world(changes: Partial<DataContext> = {}): World {
  const root = temporaryFolder();
  const [mirror, second, system, cache] = ["mirror", "second", "system", "cache"].map((name) => join(root, name));
  const env = {
    LIMBECK_DATA_DIR: [mirror, second].join(delimiter),
    LIMBECK_CACHE_DIR: cache!,
    ...changes.env,
  };
  const context = { fetch: noFetch, systemFolders: [system!], ...changes, env };
  return { mirror: mirror!, second: second!, system: system!, cache: cache!, context };
}

function cached({ cache }: World): string {
  return join(cache, "datasets", "toy", "a.gz");
}

describe("locateFile", () => {
  it("takes the first place that has the file", async () => {
    const w = world();
    const places = [join(w.mirror, "toy/a.gz"), join(w.second, "toy/a.gz"), join(w.system, "toy/a.gz"), cached(w)];
    for (const path of places.reverse()) {
      put(path, GOOD);
      expect(await locateFile("toy", published(), w.context)).toEqual({ path, edition: "official" });
    }
  });

  it("tells editions apart", async () => {
    const w = world();
    put(join(w.mirror, "toy/a.gz"), SORTED);
    expect((await locateFile("toy", published(), w.context)).edition).toBe("sorted");
  });

  it("does not pass over a wrong file in a mirror", async () => {
    const w = world();
    const path = put(join(w.mirror, "toy/a.gz"), "something else");
    put(join(w.second, "toy/a.gz"), GOOD);
    const error = await errorOf(() => locateFile("toy", published(), w.context));
    const found = sha256("something else");
    expect(error).toMatchObject({ code: "HASH_MISMATCH", where: path, value: { found } });
    expect(error.message).toContain(`its sha256 is ${found}, expected ${sha256(GOOD)} (official) or`);
    expect(error.fix).toContain("Replace it by http://192.0.2.1/a.gz, or remove it");
  });

  it("says to delete a wrong file in the cache", async () => {
    const w = world();
    put(cached(w), "");
    const error = await errorOf(() => locateFile("toy", published(), w.context));
    expect(error).toMatchObject({ code: "HASH_MISMATCH", fix: "Delete it: it will be downloaded again." });
  });

  it("says so where a folder stands in the file's place", async () => {
    const w = world();
    mkdirSync(join(w.mirror, "toy/a.gz"), { recursive: true });
    const error = await errorOf(() => locateFile("toy", published(), w.context));
    expect(error.code).toBe("FILE_UNREADABLE");
  });

  it("lists every place where there is no file", async () => {
    const w = world();
    const error = await errorOf(() => locateFile("toy", published(), w.context));
    const first = join(w.mirror, "toy", "a.gz");
    expect(error.code).toBe("DATA_MISSING");
    expect(error.message).toBe(
      [
        "The data set toy needs a.gz, and it is nowhere to be found. Tried were:",
        `${first}: not there (LIMBECK_DATA_DIR)`,
        `${join(w.second, "toy", "a.gz")}: not there (LIMBECK_DATA_DIR)`,
        `${join(w.system, "toy", "a.gz")}: not there (system package)`,
        `${cached(w)}: not there (cache)`,
        "http://192.0.2.1/a.gz: fetch failed: ENOTFOUND",
      ].join("\n  "),
    );
    expect(error.fix).toContain(`Download http://192.0.2.1/a.gz and put it at ${first}`);
    expect(error.where).toBe(first);
  });

  it("does not download when offline", async () => {
    let calls = 0;
    const count: typeof fetch = async (...request) => {
      calls++;
      return noFetch(...request);
    };
    const w = world({ fetch: count, env: { LIMBECK_OFFLINE: "1" } });
    const error = await errorOf(() => locateFile("toy", published(), w.context));
    expect(error.code).toBe("DATA_MISSING");
    expect(error.message).toContain("a.gz: not downloaded, because LIMBECK_OFFLINE is set");
    expect(calls).toBe(0);
  });

  it("keeps its cache where the platform keeps caches", async () => {
    const home = temporaryFolder();
    const env = { LIMBECK_OFFLINE: "1", XDG_CACHE_HOME: home, LOCALAPPDATA: home };
    const error = await errorOf(() => locateFile("toy", published(), { env, systemFolders: [] }));
    expect(error.where).toContain(join("limbeck", "datasets", "toy", "a.gz"));
    if (process.platform !== "darwin") expect(error.where?.startsWith(home)).toBe(true);
  });
});

describe("download", () => {
  async function attempt(listener: RequestListener, signal?: AbortSignal): Promise<[World, () => Promise<unknown>]> {
    const base = await serve(listener);
    const w = world({ fetch, ...(signal ? { signal } : {}) });
    return [w, () => locateFile("toy", published(base), w.context)];
  }

  function expectNothingLeft(w: World): void {
    const folder = dirname(cached(w));
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  }

  it("puts the file into the cache, once", async () => {
    const requests: (string | undefined)[] = [];
    const [w, locate] = await attempt((request, response) => {
      requests.push(request.url);
      response.end(GOOD);
    });
    expect(await locate()).toEqual({ path: cached(w), edition: "official" });
    expect(await locate()).toEqual({ path: cached(w), edition: "official" });
    expect(readFileSync(cached(w))).toEqual(GOOD);
    expect(readdirSync(dirname(cached(w)))).toEqual(["a.gz"]);
    expect(requests).toEqual(["/a.gz"]);
  });

  it("refuses another file", async () => {
    const [w, locate] = await attempt((_, response) => response.end("not the right one"));
    const error = await errorOf(locate);
    expect(error).toMatchObject({ code: "HASH_MISMATCH", value: { found: sha256("not the right one") } });
    expect(error.fix).toContain("LIMBECK_DATA_DIR");
    expectNothingLeft(w);
  });

  it("stops at the published size", async () => {
    const [w, locate] = await attempt((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65536)));
      };
      response.on("drain", more);
      more();
    });
    const error = await errorOf(locate);
    expect(error.code).toBe("HASH_MISMATCH");
    expect(error.message).toContain(`serves more than the ${GOOD.length} bytes`);
    expectNothingLeft(w);
  });

  it("reports what the server answered", async () => {
    const [w, locate] = await attempt((_, response) => response.writeHead(404).end("no such file"));
    const error = await errorOf(locate);
    expect(error.code).toBe("DATA_MISSING");
    expect(error.message).toMatch(/a\.gz: HTTP 404 Not Found$/);
    expectNothingLeft(w);
  });

  it("leaves nothing of a transfer that is cut short", async () => {
    const [w, locate] = await attempt((_, response) => {
      response.writeHead(200, { "content-length": GOOD.length });
      response.write(GOOD.subarray(0, 5), () => response.destroy());
    });
    const error = await errorOf(locate);
    expect(error.code).toBe("DATA_MISSING");
    expect(error.message).toContain("a.gz: the connection was lost (terminated");
    expectNothingLeft(w);
  });

  it("can be aborted", async () => {
    const controller = new AbortController();
    const [w, locate] = await attempt((_, response) => {
      response.write(GOOD.subarray(0, 5), () => controller.abort(new Error("stopped by the user")));
    }, controller.signal);
    await expect(locate()).rejects.toThrow("stopped by the user");
    expectNothingLeft(w);
  });

  it("says so where the cache cannot be written", async () => {
    const [w, locate] = await attempt((_, response) => response.end(GOOD));
    put(w.cache, "a file where the folder should be");
    expect((await errorOf(locate)).code).toMatch(/^FILE_/);
  });
});

describe("locateFiles", () => {
  const files = [published(undefined, "a.gz"), published(undefined, "b.gz")];

  it("finds the files of one edition", async () => {
    const w = world();
    put(join(w.mirror, "toy/a.gz"), SORTED);
    put(join(w.second, "toy/b.gz"), SORTED);
    const located = await locateFiles("toy", files, w.context);
    expect([...located.keys()]).toEqual(["a.gz", "b.gz"]);
    expect(located.get("b.gz")).toEqual({ path: join(w.second, "toy", "b.gz"), edition: "sorted" });
  });

  it("refuses a mixture of editions", async () => {
    const w = world();
    const a = put(join(w.mirror, "toy/a.gz"), SORTED);
    const b = put(join(w.second, "toy/b.gz"), GOOD);
    const error = await errorOf(() => locateFiles("toy", files, w.context));
    expect(error.code).toBe("HASH_MISMATCH");
    expect(error.message).toContain(`\n  ${a}: sorted\n  ${b}: official`);
    expect(error.fix).toContain("Keep the files of one edition only");
  });
});
