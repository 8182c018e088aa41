import { type ChildProcess, execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { randomStream } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import {
  type CommandResult,
  FINAL_FILES,
  fingerprint,
  killer,
  limbeck,
  prepareRun,
  temporaryFolder,
  writeImages,
} from "./harness.js";

const QUICK = ["--checkpoint-every", "0.02"];

/** Long enough to be killed in every phase. */
const KILLABLE = {
  teacher: {
    model: { family: "mlp", hidden: [64], dropout: { input: 0.1, hidden: 0.3 } },
    train: { epochs: 60, batchSize: 16, augment: [{ name: "jitter", pixels: 1 }] },
  },
  student: { model: { family: "mlp", hidden: [16] }, train: { epochs: 150, batchSize: 8 } },
};

const isLinux = process.platform === "linux";

describe.skipIf(!isLinux)("a killed run (skipped where there is no /proc)", () => {
  it("resumes to the same bits, wherever it was killed", { timeout: 240_000 }, async () => {
    const whole = prepareRun(KILLABLE);
    expect((await limbeck(["run", whole.recipe, "--out", whole.runDir, "--json"])).code).toBe(0);
    const killed = prepareRun(KILLABLE);
    const seed = Date.now();
    const random = randomStream(seed);
    const victims: string[] = [];
    let result = await limbeck(
      ["run", killed.recipe, "--out", killed.runDir, "--json", ...QUICK],
      killer(random, 1500),
    );
    for (let kills = 0; result.code !== 0 && kills < 12; kills++) {
      victims.push(String(result.code));
      result = await limbeck(
        ["resume", killed.runDir, "--json", ...QUICK],
        kills < 8 ? killer(random, 2500) : undefined,
      );
    }
    expect(result.code, `seed ${seed}: ${result.stdout}${result.stderr}`).toBe(0);
    expect(victims.length).toBeGreaterThan(1);
    expect(fingerprint(killed.runDir, FINAL_FILES)).toEqual(fingerprint(whole.runDir, FINAL_FILES));
    expect(curves(killed.runDir)).toEqual(curves(whole.runDir));
  });

  /** Learning curves as the report reads them. */
  function curves(runDir: string): Record<string, unknown> {
    const lines = readFileSync(join(runDir, "metrics.jsonl"), "utf8").trim().split("\n");
    const records = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "epoch");
    return Object.fromEntries(
      records.map(({ phase, epoch, losses, errors }) => [`${phase}:${epoch}`, { losses, errors }]),
    );
  }
});

/** Long enough that it is still at work when something is done to it. */
const LONG = { student: { model: { family: "mlp", hidden: [16] }, train: { epochs: 3000, batchSize: 8 } } };

function whenTraining(child: ChildProcess, act: () => void): void {
  child.stderr!.on("data", function seen(text) {
    if (!String(text).includes("done  teacher")) return;
    child.stderr!.off("data", seen);
    setTimeout(act, 300);
  });
}

describe("Ctrl-C", () => {
  it("stops between two steps with exit code 130, and the run can be resumed", async () => {
    const { recipe, runDir } = prepareRun(LONG);
    const result = await limbeck(["run", recipe, "--out", runDir, "--json"], (child) => {
      whenTraining(child, () => child.kill("SIGINT"));
    });
    expect(result.code).toBe(130);
    expect(JSON.parse(result.stdout)).toMatchObject({ status: "interrupted", runDir });
    expect(existsSync(join(runDir, "checkpoints/student/seed-2.partial.safetensors"))).toBe(true);
    const again = await limbeck(["resume", runDir, "--json"], (child) =>
      whenTraining(child, () => child.kill("SIGINT")),
    );
    expect(again.code).toBe(130);
    expect(again.stderr).toContain("kept from before");
  });
});

/** Signals all processes of a command, as a terminal does, once something shows on stderr. */
function signalGroup(signal: NodeJS.Signals, when: string) {
  return (child: ChildProcess) => {
    child.stderr!.on("data", function seen(text) {
      if (!String(text).includes(when)) return;
      child.stderr!.off("data", seen);
      setTimeout(() => process.kill(-child.pid!, signal), 150);
    });
  };
}

describe("signals to all processes at once", () => {
  it.each<[string, NodeJS.Signals, string, object]>([
    ["Ctrl-C when the run begins", "SIGINT", "the run folder is", LONG],
    ["Ctrl-C in training", "SIGINT", "done  teacher", LONG],
    ["Ctrl-C in evaluation", "SIGINT", "done  baseline 2/2", {}],
    ["the end of a service in training", "SIGTERM", "done  teacher", LONG],
    ["a closed terminal in training", "SIGHUP", "done  teacher", LONG],
  ])("%s stops the run, which can be resumed", async (_, signal, when, changes) => {
    const { recipe, runDir } = prepareRun(changes);
    const result = await limbeck(["run", recipe, "--out", runDir, "--json"], signalGroup(signal, when));
    expect(result.code, result.stdout + result.stderr).toBe(130);
    expect(JSON.parse(result.stdout).status).toBe("interrupted");
    expect(result.stderr).not.toMatch(/^\s+at .*:\d+/m);
    expect(JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).status).toBe("interrupted");
    expect(existsSync(join(runDir, ".lock"))).toBe(false);
    if (changes === LONG) return;
    expect((await limbeck(["resume", runDir, "--json"])).code).toBe(0);
  });
});

describe("a run folder", () => {
  it("is used by one process at a time", async () => {
    const { recipe, runDir } = prepareRun(LONG);
    let second: Promise<CommandResult> | undefined;
    const first = await limbeck(["run", recipe, "--out", runDir, "--json"], (child) => {
      whenTraining(child, () => {
        second = limbeck(["resume", runDir, "--json"]);
        void second.then(() => child.kill("SIGINT"));
      });
    });
    expect(first.code).toBe(130);
    const refused = await second!;
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout).error.code).toBe("RUN_BUSY");
  });

  it("is taken over from a process that is gone, and a torn last metric is cut off", async () => {
    const { recipe, runDir } = prepareRun();
    expect((await limbeck(["run", recipe, "--out", runDir, "--json"])).code).toBe(0);
    const gone = { pid: 1, began: "long ago", host: hostname(), token: "x" };
    writeFileSync(join(runDir, ".lock"), JSON.stringify(gone));
    writeFileSync(join(runDir, "checkpoints", "half.tmp"), "x");
    appendFileSync(join(runDir, "metrics.jsonl"), '\u0000\u0000\n{"type":"epo');
    expect((await limbeck(["resume", runDir, "--json"])).code).toBe(0);
    expect(existsSync(join(runDir, "checkpoints", "half.tmp"))).toBe(false);
  });
});

/** Runs and expects a typed error: its code on stdout, exit code 2, no stack trace. */
async function failure(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: string; message: string; fix: string }> {
  const result = await limbeck([...args, "--json"], undefined, env);
  expect(result.code, result.stdout + result.stderr).toBe(2);
  expect(result.stdout + result.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  const document = JSON.parse(result.stdout);
  expect(document.status).toBe("failed");
  expect(document.error.fix).toBeTruthy();
  return document.error;
}

describe("mistakes end with a code, what to do, and exit code 2", () => {
  it("a missing recipe", async () => {
    expect(await failure(["run", "nowhere.yaml"])).toMatchObject({
      code: "FILE_MISSING",
      message: "nowhere.yaml does not exist",
    });
  });

  it("a folder for a recipe", async () => {
    expect((await failure(["run", temporaryFolder()])).code).toBe("FILE_UNREADABLE");
  });

  it("a wrong recipe", async () => {
    const { recipe } = prepareRun({ sede: 1 });
    expect((await failure(["run", recipe])).message).toContain('unknown key "sede"; did you mean "seed"?');
  });

  it("a path that is too long", async () => {
    const { recipe } = prepareRun();
    expect((await failure(["run", recipe, "--out", "x".repeat(300)])).code).toBe("FILE_UNREADABLE");
  });

  it("an alias of nothing", async () => {
    const { recipe } = prepareRun();
    writeFileSync(recipe, "name: *nope");
    expect((await failure(["run", recipe])).code).toBe("RECIPE_SYNTAX");
  });

  it("a run folder that is not empty", async () => {
    const { recipe, folder } = prepareRun();
    expect((await failure(["run", recipe, "--out", folder])).code).toBe("FILE_EXISTS");
  });

  it("a folder that is no run folder", async () => {
    expect((await failure(["resume", temporaryFolder()])).code).toBe("RUN_INVALID");
  });

  it("a recipe changed behind the run's back", async () => {
    const { recipe, runDir } = prepareRun({ seeds: 1 });
    await limbeck(["run", recipe, "--out", runDir, "--json"]);
    appendFileSync(join(runDir, "recipe.yaml"), "# changed\n");
    expect((await failure(["resume", runDir])).code).toBe("RUN_INVALID");
  });

  it("data changed behind the run's back", async () => {
    const { recipe, folder, runDir } = prepareRun({ seeds: 1 });
    await limbeck(["run", recipe, "--out", runDir, "--json"]);
    const images = readFileSync(join(folder, "images.idx"));
    images.writeUInt8(images.readUInt8(images.length - 1) ^ 255, images.length - 1);
    writeFileSync(join(folder, "images.idx"), images);
    const error = await failure(["resume", runDir]);
    expect(error).toMatchObject({ code: "RUN_INVALID", message: expect.stringContaining("other data") });
  });

  it("test images of another size, or of unknown classes", async () => {
    const { recipe, runDir } = prepareRun();
    const text = JSON.parse(readFileSync(recipe, "utf8"));
    const other = writeImages(temporaryFolder(), 60, 5);
    text.data.source.test = other;
    text.data.test = undefined;
    writeFileSync(recipe, JSON.stringify(text));
    expect((await failure(["run", recipe, "--out", runDir])).code).toBe("DATA_CORRUPT");
    const images = readFileSync(other.images);
    images.writeUInt32BE(4, 8);
    images.writeUInt32BE(9, 12);
    writeFileSync(other.images, images);
    writeFileSync(
      other.labels,
      readFileSync(other.labels).map((byte, i) => (i < 8 ? byte : 0)),
    );
    const error = await failure(["run", recipe, "--out", runDir]);
    expect(error).toMatchObject({ code: "DATA_CORRUPT", message: expect.stringContaining("1 × 4 × 9") });
  });

  it("what cannot work is found before anything is trained", async () => {
    for (const variant of [
      { name: "too-many", transfer: { size: 100_000 } },
      { name: "nothing-absent", correctBiases: true },
      { name: "no-teacher", transfer: { without: [1] }, distill: [{ loss: "cross-entropy" }], correctBiases: true },
      { name: "long-warm-up", train: { epochs: 2, warmupEpochs: 3 } },
      { name: "long-ramp", train: { epochs: 2 }, distill: [{ loss: "kd", schedule: { kind: "ramp", epochs: 3 } }] },
    ]) {
      const { recipe, runDir } = prepareRun({ variants: [variant] });
      const { code } = await failure(["run", recipe, "--out", runDir]);
      expect(code, variant.name).toMatch(/RECIPE_INVALID|DATA_TOO_SMALL/);
      expect(existsSync(join(runDir, "checkpoints")), variant.name).toBe(false);
    }
  });

  it("a damaged checkpoint", async () => {
    const { recipe, runDir } = prepareRun({ seeds: 1 });
    await limbeck(["run", recipe, "--out", runDir, "--json"]);
    truncateSync(join(runDir, "checkpoints/teacher.safetensors"), 100);
    expect((await failure(["resume", runDir])).code).toBe("FILE_UNREADABLE");
  });

  it("a corrupted idx file", async () => {
    const { recipe, folder, runDir } = prepareRun();
    truncateSync(join(folder, "images.idx"), 1000);
    expect(await failure(["run", recipe, "--out", runDir])).toMatchObject({ code: "DATA_CORRUPT" });
  });

  it("a missing idx file", async () => {
    const { recipe, runDir } = prepareRun({
      data: { source: { train: { images: "/no/a", labels: "/no/b" } }, test: 10 },
    });
    expect(await failure(["run", recipe, "--out", runDir])).toMatchObject({ code: "FILE_MISSING" });
  });

  it("more samples than there are", async () => {
    const { recipe, runDir } = prepareRun({}, 60);
    expect((await failure(["run", recipe, "--out", runDir])).code).toBe("DATA_TOO_SMALL");
  });

  it("a data set whose sha256 is wrong", async () => {
    const mirror = temporaryFolder();
    mkdirSync(join(mirror, "mnist"));
    for (const part of ["train", "t10k"]) {
      for (const kind of ["images-idx3", "labels-idx1"])
        writeFileSync(join(mirror, "mnist", `${part}-${kind}-ubyte.gz`), "x");
    }
    const { recipe, runDir } = prepareRun({ data: { source: "mnist" } });
    const error = await failure(["run", recipe, "--out", runDir], { LIMBECK_DATA_DIR: mirror });
    expect(error).toMatchObject({ code: "HASH_MISMATCH", message: expect.stringContaining("sha256") });
  });

  it("a data set that is nowhere", async () => {
    const { recipe, runDir } = prepareRun({ data: { source: "mnist" } });
    const env = { LIMBECK_DATA_DIR: temporaryFolder(), LIMBECK_CACHE_DIR: temporaryFolder(), LIMBECK_OFFLINE: "1" };
    expect((await failure(["run", recipe, "--out", runDir], env)).code).toBe("DATA_MISSING");
  });

  it("a typo on the command line", async () => {
    for (const args of [["rnu"], ["run"], ["run", "x.yaml", "--threads", "0"]]) {
      const wrong = await limbeck([...args, "--json"]);
      expect(wrong.code).toBe(2);
      expect(JSON.parse(wrong.stdout)).toMatchObject({ status: "failed", error: { code: "USAGE" } });
    }
    const result = await limbeck(["rnu"]);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining("Did you mean run?") });
    expect((await limbeck(["run", "x.yaml", "--jsno"])).code).toBe(2);
  });
});

it("paths in a recipe are relative to it", async () => {
  const { recipe, runDir } = prepareRun({ seeds: 1 });
  const text = JSON.parse(readFileSync(recipe, "utf8"));
  text.data.source.train = { images: "images.idx", labels: "./labels.idx" };
  writeFileSync(recipe, JSON.stringify(text));
  expect((await limbeck(["run", recipe, "--out", runDir, "--json"])).code).toBe(0);
});

describe("what cannot be written", () => {
  const isRoot = process.getuid?.() === 0;

  it.skipIf(isRoot && !isLinux)("a folder without permission", async () => {
    const { recipe, folder } = prepareRun();
    const locked = join(folder, "locked");
    mkdirSync(locked);
    // Root may write anywhere, but not into /proc.
    if (!isRoot) chmodSync(locked, 0o500);
    const error = await failure(["run", recipe, "--out", isRoot ? "/proc/limbeck" : join(locked, "run")]);
    expect(["FILE_UNWRITABLE", "FILE_MISSING"]).toContain(error.code);
  });

  const canMount = isLinux && isRoot && tryMount();
  it.skipIf(!canMount)(
    "a full disk: nothing finished is lost (skipped where no small disk can be mounted)",
    async () => {
      const disk = temporaryFolder();
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=160k", "tmpfs", disk]);
      try {
        const { recipe } = prepareRun({ seeds: 1 });
        const runDir = join(disk, "run");
        writeFileSync(join(disk, "ballast"), new Uint8Array(60_000));
        const error = await failure(["run", recipe, "--out", runDir]);
        expect(error.code).toBe("DISK_FULL");
        expect(readdirSync(runDir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
        const kept = fingerprint(runDir, ["checkpoints/teacher.safetensors"]);
        execFileSync("mount", ["-o", "remount,size=4m", disk]);
        expect((await limbeck(["resume", runDir, "--json"])).code).toBe(0);
        expect(fingerprint(runDir, ["checkpoints/teacher.safetensors"])).toEqual(kept);
      } finally {
        execFileSync("umount", [disk]);
      }
    },
  );
});

function tryMount(): boolean {
  const probe = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return true;
  } catch {
    return false;
  }
}

describe("a loss that diverges", () => {
  it("stops the run with the step and the term, and keeps the last good checkpoint", async () => {
    const train = { epochs: 200, batchSize: 16, learningRate: 1e12, optimizer: { name: "sgd", momentum: 0 } };
    const { recipe, runDir } = prepareRun({ student: { model: { family: "mlp", hidden: [8] }, train } });
    const error = await failure(["run", recipe, "--out", runDir]);
    expect(error.code).toBe("DIVERGED");
    expect(error.message).toMatch(
      /the term (kd|cross-entropy) (became NaN|became Infinity|exploded to .*) at step \d+ of student\/seed-2/,
    );
    expect(existsSync(join(runDir, "checkpoints/teacher.safetensors"))).toBe(true);
    expect(JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"))).toMatchObject({
      status: "failed",
      error: { code: "DIVERGED" },
    });
  });
});
