import { chainOnnx, createGraph, fromOnnx, ops, renameInOnnx, toOnnx } from "@limbeck/graph";
import { PADDING } from "../data/texts/encode.js";
import { INPUT, OUTPUT } from "../models/inference.js";
import type { SampleFacts } from "../runs/sample-facts.js";
import { LimbeckError } from "../support/errors.js";

const INPUTS = { image: "pixel_values", row: "rows", window: "rows", sound: "sounds", text: "input_ids" } as const;

/** What the exported model's input is called: images and texts have the names that pipelines feed. */
export function inputName({ kind }: Pick<SampleFacts, "kind">): string {
  return INPUTS[kind];
}

/** Channels that it takes: of images always red, green and blue. */
export function inputChannels({ kind, channels }: Pick<SampleFacts, "kind" | "channels">): number {
  return kind === "image" ? 3 : channels;
}

/** Shares of red, green and blue in gray: ITU-R BT.601, as Pillow and most decoders have it. */
const GRAY = [0.299, 0.587, 0.114] as const;

/**
 * The student as others take it. Images come in as [batch, 3, H, W], red, green and blue of 0 … 1 by the name
 * `pixel_values`, whether the student sees colors or not: pipelines decode to that on every platform. Rows and windows are
 * [batch, columns, 1, times] by the name `rows`, as they are; of sounds the features [batch, 1, bands, times] by the name `sounds`;
 * of texts bytes [batch, sequence] as int64 by the name `input_ids`, any number of them: what is behind the student's bytes is cut off.
 * @throws GraphError MODEL_INVALID where the file is broken; LimbeckError RUN_INVALID where it is not the run's student
 */
export async function exportedModel(student: Uint8Array, samples: SampleFacts): Promise<Uint8Array> {
  await requireStudent(student, samples);
  const model = withInput(student, samples);
  return samples.embedding
    ? chainOnnx(renameInOnnx(model, { embedding: VECTOR }), embeddingEnd(samples.embedding))
    : model;
}

function withInput(student: Uint8Array, samples: SampleFacts): Uint8Array {
  if (samples.kind === "text") return chainOnnx(textFront(samples), student);
  if (samples.kind !== "image" || samples.channels === 3) return renameInOnnx(student, { [INPUT]: inputName(samples) });
  if (samples.channels === 1) return chainOnnx(grayFront(samples), student);
  throw new LimbeckError("OPTION_INVALID", `images of ${samples.channels} channels cannot be exported`, {
    value: samples.channels,
    fix: "Use student.onnx as it is: exports are for gray and color images.",
  });
}

const VECTOR = "vector";

/** The pipelines of transformers.js look for an image's embedding by a name of theirs. */
function embeddingEnd(dimensions: number): Uint8Array {
  const graph = createGraph();
  const vector = graph.input(VECTOR, "float32", [1, dimensions]);
  graph.output("embedding", ops.identity(vector));
  graph.output("image_embeds", ops.identity(vector));
  const batch = { 0: "batch" };
  return toOnnx(graph, { symbols: { [VECTOR]: batch, embedding: batch, image_embeds: batch } });
}

/** Token numbers are bytes; the student takes as many as it has seen in training. */
function textFront({ width }: SampleFacts): Uint8Array {
  const graph = createGraph();
  const tokens = graph.input("input_ids", "int64", [1, width]);
  const padded = ops.pad(ops.cast(tokens, "float32"), [0, width], { value: PADDING });
  graph.output(INPUT, ops.reshape(ops.slice(padded, [0], [width], [1]), [-1, 1, 1, width]));
  const symbols = { input_ids: { 0: "batch", 1: "sequence" }, [INPUT]: { 0: "batch" } };
  return toOnnx(graph, { symbols });
}

function grayFront({ height, width }: SampleFacts): Uint8Array {
  const graph = createGraph();
  const pixels = graph.input("pixel_values", "float32", [1, 3, height, width]);
  graph.output(INPUT, ops.conv(pixels, graph.constant("float32", [1, 3, 1, 1], [...GRAY])));
  const symbols = { pixel_values: { 0: "batch" }, [INPUT]: { 0: "batch" } };
  return toOnnx(graph, { symbols });
}

/** The file may have been put there by anyone. */
async function requireStudent(student: Uint8Array, samples: SampleFacts): Promise<void> {
  const { channels, height, width, classes, embedding } = samples;
  const { inputs, outputs } = await fromOnnx(student, { dims: { "*": 1 } });
  const shapes = (values: ReadonlyMap<string, { shape: readonly number[] }>) =>
    [...values].map(([name, { shape }]) => `${name} [${shape.join(", ")}]`).join(", ");
  const is = `${shapes(inputs)} to ${shapes(outputs)}`;
  const wanted = `${INPUT} [1, ${channels}, ${height}, ${width}] to ${embedding ? "embedding" : OUTPUT} [1, ${embedding ?? classes.length}]`;
  if (is === wanted) return;
  throw new LimbeckError("RUN_INVALID", `student.onnx goes from ${is}, and the run's student from ${wanted}`, {
    value: is,
    fix: "Put the run's own student.onnx back, or run the recipe again.",
  });
}
