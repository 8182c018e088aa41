import { bytes } from "../../report/format.js";
import type { SampleFacts } from "../../runs/sample-facts.js";
import { inputName } from "../model.js";
import type { Card } from "./card.js";
import { table } from "./text.js";

/** What the folder holds beside model files. */
const OTHERS: Readonly<Record<string, string>> = {
  "config.json": "classes, as transformers.js reads them",
  "preprocessor_config.json": "how images are prepared",
  "tokenizer.json": "how texts are prepared: tokens are bytes",
  "package.json": "makes the folder a package of npm",
  "predict.ts": "typed wrapper; `predict.js` and `predict.d.ts` are the same, compiled",
  "index.html": "playground page: serve the folder with any web server",
  "ort/ort.wasm.bundle.min.mjs": "ONNX Runtime for the page (MIT license, Microsoft), with its WebAssembly",
};

/** How the student is asked from JavaScript. */
export function useSection({ finished, files, variants }: Card): string {
  const { samples } = finished;
  const summaries = { ...OTHERS, ...Object.fromEntries(variants.map(({ file, summary }) => [file, summary])) };
  const rows = Object.entries(files).flatMap(([name, size]) =>
    summaries[name] ? [[`\`${name}\``, summaries[name], bytes(size)]] : [],
  );
  return [
    "## How to use",
    table(["file", "what", "size"], rows as string[][], 2),
    inputText(samples),
    ...(samples.kind === "image" ? [PIPELINE] : samples.text ? [TEXT_PIPELINE] : []),
    wrapperText(samples),
  ].join("\n\n");
}

function inputText(samples: SampleFacts): string {
  return `The model takes \`${inputName(samples)}\` ${shapeText(samples)}. It answers with \`logits\` [batch, ${samples.classes.length}].`;
}

function shapeText({ kind, channels, height, width, columns = [], sound, text }: SampleFacts): string {
  if (kind === "image") {
    const gray = channels === 1 ? ", which the model itself turns to gray" : "";
    return `[batch, 3, ${height}, ${width}]: red, green and blue of 0 … 1${gray}`;
  }
  if (sound) return `[batch, 1, ${height}, ${width}]: ${soundText(sound)}`;
  if (text) return `[batch, sequence], int64: ${bytesText(text)}`;
  return `[batch, ${columns.length}, 1, ${width * height}]: columns × 1 × rows, numbers as they are`;
}

function wrapperText(samples: SampleFacts): string {
  if (samples.kind === "image") return WRAPPER_IMAGES;
  if (samples.sound) return WRAPPER_SOUNDS;
  return samples.text ? WRAPPER_TEXTS : wrapperRows(samples);
}

const PIPELINE = `With [transformers.js](https://www.npmjs.com/package/@huggingface/transformers), from a folder without any network:

\`\`\`js
import { env, pipeline } from "@huggingface/transformers";

env.allowRemoteModels = false;
env.localModelPath = "/folder/above/this/one";
const classify = await pipeline("image-classification", "name-of-this-folder", { dtype: "fp32" });
await classify("image.png"); // [{ label, score }, …]
\`\`\`

Images of the model's size are prepared exactly as in training. Others are resized by whatever the platform has, which differs a
little between platforms; the wrapper below resizes in the same way everywhere.`;

const TEXT_PIPELINE = `With [transformers.js](https://www.npmjs.com/package/@huggingface/transformers), from a folder without any network:

\`\`\`js
import { env, pipeline } from "@huggingface/transformers";

env.allowRemoteModels = false;
env.localModelPath = "/folder/above/this/one";
const classify = await pipeline("text-classification", "name-of-this-folder", { dtype: "fp32" });
await classify("A text."); // [{ label, score }]; { top_k: null } for all
\`\`\`

Tokens are bytes, so that texts are prepared exactly as in training.`;

const WRAPPER_IMAGES = `With the wrapper, which depends on nothing but the runtime that it is given (\`onnxruntime-node\` or \`onnxruntime-web\`):

\`\`\`js
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import sharp from "sharp"; // browsers decode images themselves
import { load } from "./predict.js";

const decode = async (file) => {
  const { data, info } = await sharp(file).toColorspace("srgb").raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
};
const student = await load(ort, "onnx/model.onnx", { decode });
await student.predict(await readFile("image.png")); // [{ label, score }, …], sorted
\`\`\``;

const WRAPPER_SOUNDS = `With the wrapper, which depends on nothing but the runtime that it is given (\`onnxruntime-node\` or \`onnxruntime-web\`), and
prepares sounds by the code that training used:

\`\`\`js
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import { load } from "./predict.js";

const student = await load(ort, "onnx/model.onnx");
await student.predict(await readFile("sound.wav")); // [{ label, score }, …], sorted
await student.predict({ samples: new Float32Array(16_000), sampleRate: 16_000 }); // or samples of -1 … 1
\`\`\``;

const WRAPPER_TEXTS = `With the wrapper, which depends on nothing but the runtime that it is given (\`onnxruntime-node\` or \`onnxruntime-web\`), and
prepares texts by the code that training used:

\`\`\`js
import * as ort from "onnxruntime-node";
import { load } from "./predict.js";

const student = await load(ort, "onnx/model.onnx");
await student.predict("A text."); // [{ label, score }, …], sorted
\`\`\``;

function bytesText({ bytes, lowercase }: NonNullable<SampleFacts["text"]>): string {
  const letters = lowercase ? ", in small letters" : "";
  return `the first ${bytes} bytes of the text in UTF-8 (NFC${letters}, single spaces, none at the ends), as numbers of 0 … 255; 256 is padding`;
}

function soundText({ sampleRate, length, features, mels, window, hop }: NonNullable<SampleFacts["sound"]>): string {
  const heard = `${length} samples at ${sampleRate} Hz, one channel, -1 … 1`;
  if (features === "waveform") return heard;
  return `ln(10⁻⁶ + power) in ${mels} bands of HTK's mel scale from 0 to ${sampleRate / 2} Hz, by frames of ${window} samples (Hann) every ${hop}, of ${heard}`;
}

function wrapperRows({ columns = [], width, height }: SampleFacts): string {
  const row = `{ ${columns.map((name) => `${JSON.stringify(name)}: 0`).join(", ")} }`;
  const times = width * height;
  const sample = times === 1 ? row : `[/* ${times} rows, the oldest first */ ${row}, …]`;
  return `With the wrapper, which depends on nothing but the runtime that it is given (\`onnxruntime-node\` or \`onnxruntime-web\`):

\`\`\`js
import * as ort from "onnxruntime-node";
import { load } from "./predict.js";

const student = await load(ort, "onnx/model.onnx");
await student.predict(${sample}); // [{ label, score }, …], sorted
\`\`\``;
}

/** A line for each place that the student can go to. */
export function targetsSection({ variants, files, finished }: Card): string {
  const { kind } = finished.samples;
  const inPipelines = kind === "image" || kind === "text" ? ", or transformers.js" : "";
  const hasOrt = variants.some(({ name }) => name === "ort");
  const mobile = hasOrt ? "`model.ort`" : "`onnx/model.onnx`";
  return `## Where it runs

- **Browser**: \`onnxruntime-web\` with \`predict.js\`${inPipelines}${files["index.html"] ? "; `index.html` is an example" : ""}.
- **Android**: \`com.microsoft.onnxruntime:onnxruntime-android\` reads ${mobile} from the app's assets.
- **iOS**: the pods \`onnxruntime-objc\` and \`onnxruntime-c\` read ${mobile} from the bundle; set the CoreML provider for larger students.
- **React Native**: \`onnxruntime-react-native\` is an \`ort\` for \`predict.js\`${kind === "image" ? ": pass pixels, or `decode`" : ""}.
- **Raspberry Pi** and other small Linux machines (64-bit): Node with \`onnxruntime-node\`.${
    hasOrt
      ? "\n\n`model.ort` has the optimizations that hold on every processor, and is also for builds of ONNX Runtime without the ONNX parser."
      : "\n\nBuilds of ONNX Runtime without the ONNX parser need `model.ort`: export again with `--variant ort`."
  }`;
}
