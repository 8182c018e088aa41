/** Trains from more samples than memory shall hold, and tells what memory it took: `npm run bench:large -- --gigabytes 10`. */
import { randomFillSync } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { distill, readRecipe } from "limbeck";

const SIDE = 224;
const LENGTH = 3 * SIDE * SIDE;
const CLASSES = 10;

/** The header of an array of bytes, as numpy.save writes it. */
function header(shape: readonly number[]): Buffer {
  const fields = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const text = `${fields.padEnd(Math.ceil((fields.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(text)]);
}

/** Noise, a little brighter for each class. */
function writeImages(folder: string, count: number): void {
  const file = openSync(join(folder, "images.npy"), "w");
  writeSync(file, header([count, 3, SIDE, SIDE]));
  const noise = randomFillSync(new Uint8Array(LENGTH));
  const image = new Uint8Array(LENGTH);
  for (let i = 0; i < count; i++) {
    const shift = (i * 7919) % LENGTH;
    const bright = (i % CLASSES) * 12;
    for (let at = 0; at < LENGTH; at++) image[at] = (noise[(at + shift) % LENGTH]! >> 1) + bright;
    writeSync(file, image);
  }
  closeSync(file);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  writeFileSync(join(folder, "labels.npy"), Buffer.concat([header([count]), labels]));
}

const recipe = {
  name: "large",
  seeds: 1,
  baseline: false,
  data: { source: { images: "images.npy", labels: "labels.npy", layout: "nchw" }, test: 500 },
  student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 1, batchSize: 64 } },
  distill: [{ loss: "cross-entropy" }],
};

interface RunFile {
  readonly seconds: Readonly<Record<string, number>>;
  readonly waited: Readonly<Record<string, number>>;
  readonly peakMemoryBytes: Readonly<Record<string, number>>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { gigabytes: { type: "string", default: "10" } } });
  const count = Math.ceil((Number(values.gigabytes) * 1e9) / LENGTH);
  const folder = mkdtempSync(join(tmpdir(), "limbeck-large-"));
  process.once("SIGINT", () => process.exit(130));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`${count} images of 3 x ${SIDE} x ${SIDE} are written: ${((count * LENGTH) / 1e9).toFixed(1)} GB`);
  writeImages(folder, count);
  writeFileSync(join(folder, "large.json"), JSON.stringify(recipe));
  const runDir = join(folder, "run");
  const start = performance.now();
  for await (const event of distill(readRecipe(join(folder, "large.json")), { runDir })) {
    if (event.type === "phase-start") say(`${event.phase}, after ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
  const { seconds, waited, peakMemoryBytes }: RunFile = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
  for (const [phase, peak] of Object.entries(peakMemoryBytes)) {
    const share = (100 * (waited[phase] ?? 0)) / seconds[phase]!;
    say(`${phase}: ${seconds[phase]!.toFixed(0)} s, ${share.toFixed(1)}% of it waiting for samples`);
    say(`peak resident memory ${(peak / 1e6).toFixed(0)} MB`);
  }
}

await main();
