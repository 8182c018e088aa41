import type { EmbeddingMeasures, EmbeddingResults, Measure } from "../../evaluate/embedding/results.js";
import { bytes, count, milliseconds, NOTHING, plusMinus } from "../../report/format.js";
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
  const cell = (measure: Measure | null, decimals: number, scale = 1) =>
    measure ? plusMinus(measure, decimals, scale) : NOTHING;
  const row = (name: string, { cosine, relativeError, recall1, recall10 }: EmbeddingMeasures) => [
    name,
    cell(cosine, 4),
    cell(relativeError, 4),
    cell(recall1, 2, 100),
    cell(recall10, 2, 100),
  ];
  return [
    "## Results",
    `Measured on ${count(testSize)} held-out samples, beside what it has to be compared with.`,
    table(
      ["", "cosine to the teacher's", "relative squared error", "nearest neighbor, %", "ten nearest, %"],
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
