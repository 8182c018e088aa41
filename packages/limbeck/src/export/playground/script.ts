import type { SampleName } from "../../data/dataset.js";

/** The page's scripts: plain text, as those of the reports are, because the package has no DOM types. */

/** Loads the model and shows its answers; `ask` is what the part for images or rows calls. */
const COMMON = `
import * as ort from "./ort/ort.wasm.bundle.min.mjs";
import { load } from "./predict.js";

const SHOWN = 10;
/** The time shown is the median of so many passes, or that of one where it takes more milliseconds than people are patient. */
const PASSES = 9;
const PATIENCE = 50;
const at = (id) => document.getElementById(id);
const files = at("variant");
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { wasm: new URL("./ort/ort-wasm-simd-threaded.wasm", import.meta.url).href };

let predictor;
let last;

function say(text, isTrouble = false) {
  at("status").textContent = text;
  at("status").classList.toggle("trouble", isTrouble);
}

async function openModel() {
  say("Loading the model …");
  const file = files ? files.value : "onnx/model.onnx";
  try {
    await predictor?.release();
    predictor = undefined;
    predictor = await load(ort, new URL(file, import.meta.url).href);
    say("Ready. Everything runs in this browser; nothing is sent anywhere.");
  } catch (error) {
    say("The model could not be loaded: " + error.message, true);
  }
}

async function ask(sample) {
  last = sample;
  if (!predictor) return;
  try {
    const times = [];
    let answers;
    do {
      const start = performance.now();
      answers = await predictor.predict(sample);
      times.push(performance.now() - start);
    } while (times.length < PASSES && times[0] < PATIENCE);
    show(answers, times.sort((a, b) => a - b)[times.length >> 1]);
  } catch (error) {
    say(error.message, true);
  }
}

function show(answers, milliseconds) {
  const percent = (score) => (100 * score).toFixed(score < 0.1 ? 2 : 1) + "%";
  at("top").textContent = answers[0].label;
  at("answers").replaceChildren(...answers.slice(0, SHOWN).map(({ label, score }) => {
    const [row, name, value, track, bar] = ["li", "span", "span", "i", "b"].map((tag) => document.createElement(tag));
    name.textContent = label;
    value.textContent = percent(score);
    bar.style.setProperty("--p", score);
    track.setAttribute("aria-hidden", "true");
    track.append(bar);
    row.append(name, value, track);
    row.dataset.score = score;
    return row;
  }));
  say("Answered in " + (milliseconds < 10 ? milliseconds.toFixed(2) : milliseconds.toFixed(0)) + " ms, preprocessing included, on one thread.");
}

files?.addEventListener("change", async () => {
  await openModel();
  if (last !== undefined) ask(last);
});
`;

const IMAGE = `
import { HEIGHT, WIDTH } from "./predict.js";

async function askFile(file) {
  if (!file) return;
  const picture = at("picture");
  URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(file);
  picture.parentElement.hidden = false;
  await askAndShow(file);
}

async function askAndShow(image) {
  try {
    const values = await predictor.prepare(image);
    const pixels = new ImageData(WIDTH, HEIGHT);
    const area = HEIGHT * WIDTH;
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = Math.round(255 * values[c * area + i]);
      pixels.data[4 * i + 3] = 255;
    }
    at("network").getContext("2d").putImageData(pixels, 0, 0);
    at("seen").hidden = false;
  } catch (error) {
    say("This is no image that the browser can read.", true);
    return;
  }
  await ask(image);
}

const drop = at("drop");
at("file").addEventListener("change", ({ target }) => askFile(target.files[0]));
for (const kind of ["dragenter", "dragover"]) addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const kind of ["dragleave", "drop"]) addEventListener(kind, () => drop.classList.remove("over"));
addEventListener("drop", (event) => { event.preventDefault(); askFile(event.dataTransfer.files[0]); });
addEventListener("paste", (event) => askFile([...event.clipboardData.files].find(({ type }) => type.startsWith("image/"))));

const pad = at("pad");
if (pad) {
  const context = pad.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { strokeStyle: "#fff", lineWidth: pad.width / 14, lineCap: "round", lineJoin: "round" });
  const clear = () => { context.fillStyle = "#000"; context.fillRect(0, 0, pad.width, pad.height); };
  clear();
  let from;
  let busy = false;
  const place = ({ offsetX, offsetY }) => [offsetX * pad.width / pad.clientWidth, offsetY * pad.height / pad.clientHeight];
  const line = async (event) => {
    const to = place(event);
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
    from = to;
    if (busy) return;
    busy = true;
    await askPad();
    busy = false;
  };
  const askPad = () => {
    at("picture").parentElement.hidden = true;
    return askAndShow(context.getImageData(0, 0, pad.width, pad.height));
  };
  pad.addEventListener("pointerdown", (event) => { pad.setPointerCapture(event.pointerId); from = place(event); line(event); });
  pad.addEventListener("pointermove", (event) => { if (from) line(event); });
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => { if (from) askPad(); from = undefined; });
  at("clear").addEventListener("click", clear);
}

await openModel();
`;

const ROWS = `
function numbers(text) {
  return text.split("\\n").map((line) => line.trim()).filter((line) => line !== "")
    .map((line) => line.split(/[\\s,;]+/).filter((cell) => cell !== "").map(Number));
}

const askRows = () => {
  const rows = numbers(at("rows").value);
  return ask(rows.length === 1 ? rows[0] : rows);
};
at("ask").addEventListener("click", askRows);
at("rows").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) askRows(); });

await openModel();
`;

/** WAV files go to the wrapper as they are, so that they are heard as in training; the browser decodes others. */
const SOUND = `
import { SOUND, soundSize } from "./predict.js";

const seconds = SOUND.length / SOUND.sampleRate;

async function askFile(file) {
  if (!file) return;
  const player = at("player");
  URL.revokeObjectURL(player.src);
  player.src = URL.createObjectURL(file);
  player.hidden = false;
  let sound;
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const isWav = String.fromCharCode(...bytes.subarray(0, 4)) === "RIFF";
    sound = isWav ? bytes : await decode(bytes.buffer);
    draw(await predictor.prepare(sound));
  } catch (error) {
    say("This sound " + (error instanceof RangeError ? error.message : "cannot be decoded") + ".", true);
    return;
  }
  await ask(sound);
}

async function decode(buffer) {
  const context = new OfflineAudioContext(1, 1, Math.max(8000, SOUND.sampleRate));
  const audio = await context.decodeAudioData(buffer);
  const channels = SOUND.channel === "first" ? 1 : audio.numberOfChannels;
  const samples = new Float32Array(audio.length);
  for (let c = 0; c < channels; c++) audio.getChannelData(c).forEach((value, i) => { samples[i] += value / channels; });
  return { samples, sampleRate: audio.sampleRate };
}

function draw(values) {
  const [height, width] = soundSize(SOUND);
  const canvas = at("network");
  if (!canvas) return;
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  const pixels = new ImageData(width, height);
  values.forEach((value, i) => {
    const place = 4 * ((height - 1 - Math.floor(i / width)) * width + i % width);
    pixels.data.fill(high > low ? 255 * (value - low) / (high - low) : 0, place, place + 3);
    pixels.data[place + 3] = 255;
  });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  at("seen").hidden = false;
}

const drop = at("drop");
at("file").addEventListener("change", ({ target }) => askFile(target.files[0]));
for (const kind of ["dragenter", "dragover"]) addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const kind of ["dragleave", "drop"]) addEventListener(kind, () => drop.classList.remove("over"));
addEventListener("drop", (event) => { event.preventDefault(); askFile(event.dataTransfer.files[0]); });

const record = at("record");
record.hidden = !navigator.mediaDevices || !globalThis.MediaRecorder;
record.addEventListener("click", async () => {
  record.disabled = true;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream);
    const parts = [];
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve));
    recorder.start();
    say("Listening …");
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    recorder.stop();
    await stopped;
    for (const track of stream.getTracks()) track.stop();
    await askFile(new Blob(parts, { type: recorder.mimeType }));
  } catch (error) {
    say("The microphone cannot be used: " + error.message, true);
  } finally {
    record.disabled = false;
  }
});

await openModel();
`;

const TEXT = `
import { PADDING, TEXT, textBytes } from "./predict.js";

const PATIENCE_TYPING = 150;
let timer;

let isAsking = false;

/** One question at a time; the newest text is asked last. */
async function askText() {
  clearTimeout(timer);
  const text = at("text").value;
  at("cut").hidden = textBytes(text, { ...TEXT, bytes: TEXT.bytes + 1 }).at(-1) === PADDING;
  if (text.trim() === "" || isAsking) return;
  isAsking = true;
  await ask(text);
  isAsking = false;
  if (at("text").value !== text) await askText();
}
at("ask").addEventListener("click", askText);
at("text").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(askText, PATIENCE_TYPING); });

await openModel();
`;

const SCRIPTS: Readonly<Record<SampleName, string>> = {
  image: IMAGE,
  sound: SOUND,
  text: TEXT,
  row: ROWS,
  window: ROWS,
};

/** The page's module. */
export function playgroundScript(kind: SampleName): string {
  return COMMON + SCRIPTS[kind];
}
