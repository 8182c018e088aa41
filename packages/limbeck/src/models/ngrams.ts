import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import type { ImageGeometry } from "../data/dataset.js";
import { PADDING } from "../data/texts/encode.js";
import { normal } from "./initial.js";
import { traceModel } from "./layers.js";
import type { Model, ModelFamily } from "./model.js";
import { dropoutOption } from "./vision.js";

/** Hashes are taken modulo this prime, so that products stay within 64 bits. */
const PRIME = 2 ** 31 - 1;
const FACTOR = 1_000_003;

const options = z.strictObject({
  lengths: z
    .array(z.int().min(1).max(12))
    .min(1)
    .max(12)
    .default([2, 3, 4, 5])
    .meta({ description: "Lengths of the runs of bytes that are looked at." }),
  buckets: z.int().min(16).max(4_194_304).default(4096).meta({
    description:
      "Rows of the table that runs of bytes are hashed into; of those that meet in one the network sees one.",
  }),
  embedding: z.int().positive().max(1024).default(32).meta({ description: "Numbers of a row." }),
  hidden: z.array(z.int().positive()).max(4).default([]).meta({
    description: "Units of layers between the rows and the answer. Default: none.",
  }),
  dropout: dropoutOption(0),
});

type NgramOptions = z.output<typeof options>;

function build(choice: NgramOptions, geometry: ImageGeometry, classes: number): Model {
  const { lengths, buckets, embedding, hidden, dropout } = choice;
  const length = geometry.channels * geometry.height * geometry.width;
  const most = Math.max(...lengths);
  return traceModel("ngrams", geometry, (layers, images) => {
    const bytes = ops.clip(ops.reshape(images, [-1, length]), 0, PADDING);
    const framed = ops.pad(bytes, [1, most - 1], { value: PADDING });
    const runs = lengths.map((count) => runsOf(framed, length, count));
    const places = ops.concat(
      runs.map(({ hash }) => ops.fmod(hash, buckets)),
      1,
    );
    const isThere = ops.cast(
      ops.concat(
        runs.map(({ isThere }) => isThere),
        1,
      ),
      "float32",
    );
    const table = layers.parameter("embedding.weight", [buckets, embedding], normal(0.1));
    const rows = ops.mul(ops.gather(table, places, 0), ops.unsqueeze(isThere, [2]));
    const count = ops.maximum(ops.reduceSum(isThere, { axes: [1], keepdims: true }), 1);
    let x = ops.div(ops.reduceSum(rows, { axes: [1] }), ops.sqrt(count));
    const taps: Record<string, Tensor> = { pooled: x };
    for (const [i, units] of hidden.entries()) {
      x = ops.relu(layers.linear(`fc${i + 1}`, layers.dropout(x, dropout), units));
      taps[`relu${i + 1}`] = x;
    }
    taps.features = x;
    return { logits: layers.linear("fc", layers.dropout(x, dropout), classes), taps };
  });
}

/**
 * Hashes of all runs of so many bytes, int64 [N, L]. The first one begins before the text, and the last ones of three or more end behind it,
 * so that runs at the ends differ from those within; runs that begin at the text's last byte are not there.
 * @param framed bytes with one place before them, and enough behind, [N, 1 + L + …]
 */
function runsOf(framed: Tensor, length: number, count: number): { hash: Tensor; isThere: Tensor } {
  const first = count === 1 ? 1 : 0;
  const at = (place: number) => ops.slice(framed, [first + place], [first + place + length], [1]);
  const symbols = Array.from({ length: count }, (_, place) => ops.cast(at(place), "int64"));
  const hash = symbols.reduce<Tensor | undefined>((hash, symbol) => {
    const next = ops.add(symbol, 1);
    return ops.fmod(hash ? ops.add(ops.mul(hash, FACTOR), next) : ops.add(next, count * FACTOR), PRIME);
  }, undefined)!;
  return { hash, isThere: ops.less(at(count === 1 ? 0 : 1), PADDING) };
}

const TEXTS = { geometry: { channels: 1, height: 1, width: 256 }, classes: 77 };

/** What runs of bytes stand for, added up. */
export const ngrams: ModelFamily<NgramOptions> = {
  name: "ngrams",
  description:
    "Runs of bytes, hashed into a table whose rows are added up, and a linear layer: for texts. No tokenizer, and no words that it does not know.",
  source:
    "Joulin, Grave, Bojanowski & Mikolov 2017, Bag of Tricks for Efficient Text Classification (fastText), with runs of bytes as Bojanowski et al. 2017 have of letters, and sums divided by the root of their number in the place of means: Adam then needs a fraction of the steps",
  options,
  members: [
    { name: "ngrams-4k", options: {}, ...TEXTS },
    { name: "ngrams-64k", options: { buckets: 65_536, embedding: 64 }, ...TEXTS },
  ],
  build,
};
