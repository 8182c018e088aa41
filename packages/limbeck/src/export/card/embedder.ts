import type { EmbeddingMeasures, EmbeddingResults } from "../../evaluate/embedding/results.js";
import { EMBEDDING_METRICS, measureText } from "../../report/embedding/measures.js";
import { bytes, count, milliseconds } from "../../report/format.js";
import type { Card } from "./card.js";
import { isOnHub, licenseFacts, matter, namedDataset } from "./front-matter.js";
import { dataSection, licenseSection, teacherSection } from "./provenance.js";
import { reproduceSection } from "./reproduce.js";
import { inline, table } from "./text.js";

type EmbedderCard = Card<EmbeddingResults>;

/** `README.md` of a student that embeds images. */
export function embedderCard(card: EmbedderCard): string {
  const { recipe } = card.finished;
  const parts = [
    `# ${inline(recipe.name)}`,
    recipe.description,
    recipe.card?.use ?? "",
    ...[resultsSection, useSection].map((section) => section(card)),
    ...[dataSection, teacherSection, licenseSection].map((section) => section(card)),
    limitsSection(card),
    reproduceSection(card),
  ];
  return `${frontMatter(card)}\n${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function frontMatter(card: EmbedderCard): string {
  const { recipe } = card.finished;
  const named = namedDataset(card);
  const datasets = recipe.card?.datasets ?? (named ? [named.hub] : undefined);
  return matter({
    ...licenseFacts(card.license),
    library_name: "transformers.js",
    pipeline_tag: "image-feature-extraction",
    tags: ["limbeck", "knowledge-distillation", "onnx", "student", "embedding", ...(recipe.card?.tags ?? [])],
    ...(datasets ? { datasets } : {}),
    ...(isOnHub(recipe.card?.teacher) ? { base_model: recipe.card!.teacher } : {}),
  });
}

function resultsSection({ finished }: EmbedderCard): string {
  const { student, teacher, controls, testSize, summary } = finished.results;
  const row = (name: string, model: EmbeddingMeasures) => [
    name,
    ...EMBEDDING_METRICS.map((metric) => measureText(metric, model)),
  ];
  return [
    "## Results",
    `Measured on ${count(testSize)} held-out samples, beside what it has to be compared with: likeness to the teacher's embedding, and the share of its nearest neighbors that is found.`,
    table(
      ["", ...EMBEDDING_METRICS.map(({ label }) => label.toLowerCase())],
      [row("student", student), ...controls.map((control) => row(control.description, control))],
    ),
    inline(summary),
    table(
      ["", "student", "teacher"],
      [
        ["parameters", count(student.parameters), count(teacher.parameters)],
        ["size", bytes(student.bytes), bytes(teacher.bytes)],
        ["latency, one sample on one thread", milliseconds(student.latencyMs), milliseconds(teacher.latencyMs)],
      ],
    ),
  ].join("\n\n");
}

function useSection({ finished: { samples }, files }: EmbedderCard): string {
  const { height, width, embedding } = samples;
  const models = Object.keys(files).filter((name) => name.endsWith(".onnx") || name.endsWith(".ort"));
  return `## How to use

${models.map((name) => `- \`${name}\`, ${bytes(files[name]!)}`).join("\n")}

The model takes \`pixel_values\` [batch, 3, ${height}, ${width}]: red, green and blue of 0 … 1. It answers with \`embedding\` [batch, ${embedding}], and with
the same by the name \`image_embeds\`, for pipelines.

With [transformers.js](https://www.npmjs.com/package/@huggingface/transformers), from a folder without any network:

\`\`\`js
import { env, pipeline } from "@huggingface/transformers";

env.allowRemoteModels = false;
env.localModelPath = "/folder/above/this/one";
const embed = await pipeline("image-feature-extraction", "name-of-this-folder", { dtype: "fp32" });
await embed("image.png"); // a Tensor [1, ${embedding}]
\`\`\`

With the wrapper, which depends on nothing but the runtime that it is given (\`onnxruntime-node\` or \`onnxruntime-web\`):

\`\`\`js
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import sharp from "sharp"; // browsers decode images themselves
import { load, similarity } from "./embed.js";

const decode = async (file) => {
  const { data, info } = await sharp(file).toColorspace("srgb").raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};
const student = await load(ort, "onnx/model.onnx", { decode });
const [one, other] = await student.embedAll([await readFile("one.png"), await readFile("other.png")]);
similarity(one, other); // their cosine
\`\`\``;
}

function limitsSection({ finished: { recipe } }: EmbedderCard): string {
  return [
    "## Limits",
    ...(recipe.card?.limits ? [recipe.card.limits] : []),
    "- It is like its teacher on images like those that it was tested on. On others nothing is known.\n- It learned a teacher's mistakes along with its knowledge.",
  ].join("\n\n");
}
