/**
 * What docs/doctor.md says of near duplicates:
 *   node packages/limbeck/test/data/measure-near-duplicates.mjs PHOTOS [OTHERS]    copies of photos that are found, by what was done to
 *   them, and near duplicates among other photos
 *   node packages/limbeck/test/data/measure-near-duplicates.mjs fashion-mnist    pairs of a named data set, by their likeness
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { wholeSplit } from "../../dist/data/dataset.js";
import { NAMED_DATASETS } from "../../dist/data/named/index.js";
import { findNearDuplicates } from "../../dist/data/near-duplicates/near-duplicates.js";

const SIDE = 96;
const print = (line) => process.stdout.write(`${line}\n`);
const { signal } = new AbortController();
const cut = (image, share, { width, height }) =>
  image.extract({
    left: Math.round((width * share) / 2),
    top: Math.round((height * share) / 2),
    width: Math.floor(width * (1 - share)),
    height: Math.floor(height * (1 - share)),
  });
const CHANGES = {
  "JPEG of quality 40": (image) => image.jpeg({ quality: 40 }),
  "half the size": (image, { width }) => image.resize(Math.round(width / 2)),
  "blurred by 1.2 pixels": (image) => image.blur(1.2),
  "20 % brighter": (image) => image.modulate({ brightness: 1.2 }),
  "20 % less contrast": (image) => image.linear(0.8, 20),
  gray: (image) => image.grayscale(),
  "2 % cut off each side": (image, size) => cut(image, 0.04, size),
  "turned by 2 degrees": (image) => image.rotate(2, { background: "white" }),
};

async function decode(image) {
  const raw = await image.resize(SIDE, SIDE, { fit: "cover" }).removeAlpha().toColorspace("srgb").raw().toBuffer();
  return Uint8Array.from({ length: raw.length }, (_, i) => raw[(i % SIDE ** 2) * 3 + Math.floor(i / SIDE ** 2)]);
}

const splitOf = (images) =>
  wholeSplit({
    size: images.length,
    channels: 3,
    height: SIDE,
    width: SIDE,
    pixels: Uint8Array.from(Buffer.concat(images)),
    labels: new Uint8Array(images.length),
    classes: ["photo"],
  });

function photosIn(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".jpg"));
  return files.map((name) => join(folder, name)).sort();
}

const load = async (paths) => splitOf(await Promise.all(paths.map((path) => decode(sharp(path)))));

async function measureCopies(folder, others) {
  const paths = photosIn(folder);
  const photos = await load(paths);
  if (others) {
    const other = await load(photosIn(others));
    const { pairs } = await findNearDuplicates(other, photos, signal);
    print(`${pairs.length} near duplicates among ${other.indices.length} other photos`);
  }
  for (const [name, change] of Object.entries(CHANGES)) {
    const copies = await Promise.all(
      paths.map(async (path) => {
        const copy = change(sharp(path).png(), await sharp(path).metadata());
        return decode(sharp(await copy.toBuffer()));
      }),
    );
    const { pairs } = await findNearDuplicates(photos, splitOf(copies), signal);
    const right = pairs.filter(({ test, train }) => test === train).length;
    print(`${name}: ${right} of ${paths.length} found, ${pairs.length - right} taken for others`);
  }
}

async function measurePairs(name) {
  const { train, test } = await NAMED_DATASETS[name].load({});
  const before = process.cpuUsage();
  const whole = wholeSplit(train);
  const parts = test
    ? [whole, wholeSplit(test)]
    : [whole.indices.filter((i) => i % 5 > 0), whole.indices.filter((i) => i % 5 === 0)].map((indices) => ({
        dataset: train,
        indices,
      }));
  const { pairs, flat } = await findNearDuplicates(...parts, signal);
  const { user } = process.cpuUsage(before);
  const above = [0.98, 0.985, 0.99, 0.995].map(
    (least) => `${pairs.filter(({ likeness }) => likeness >= least).length} at ${least}`,
  );
  print(`${parts.map(({ indices }) => indices.length).join(" and ")} images, ${flat} flat: ${above.join(", ")}`);
  print(`${(user / 1e6).toFixed(1)} s of processor time`);
}

const [what, others] = process.argv.slice(2);
await (Object.hasOwn(NAMED_DATASETS, what) ? measurePairs(what) : measureCopies(what, others));
