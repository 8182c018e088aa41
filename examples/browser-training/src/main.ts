import { Bars, percent } from "./bars.js";
import { Chart } from "./chart.js";
import { Pad } from "./pad.js";
import type { Arm, Facts, LessonLength, Message, Request } from "./protocol.js";

const TEST_DIGITS = 2000;
const LENGTH: LessonLength = { teacher: 750, student: 6000 };
const PHASES = {
  teacher: "1 of 2: the teacher learns from labels",
  student: "2 of 2: the student learns from the teacher",
};

const byId = <E extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as E;
const runButton = byId<HTMLButtonElement>("run");
const download = byId<HTMLButtonElement>("download");
const sampleButton = byId<HTMLButtonElement>("sample");
const progress = byId<HTMLProgressElement>("progress");

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const ask = (request: Request) => worker.postMessage(request);

const losses = new Chart(byId("loss"), true);
const errors = new Chart(byId("errors"), false);
const bars = new Bars(byId("bars"), byId("verdict"));

let isRunning = false;
let steps = 1;
let speed: { readonly threads: number; readonly stepsPerSecond: number | undefined };
const wrong: Partial<Record<Arm, number>> = {};
/** What lies in the box: it is classified anew as the networks learn. */
let drawn: Float32Array | undefined;

const pad = new Pad(byId<HTMLCanvasElement>("pad"), (pixels) => {
  drawn = pixels;
  classify();
});

function classify(): void {
  if (drawn) ask({ type: "classify", pixels: drawn });
  else bars.show({}, "Draw a digit, as large as the box.");
}

const count = (value: number) => value.toLocaleString("en-US");
const setStatus = (text: string) => {
  byId("status").textContent = text;
};

function showFacts(): void {
  const { threads, stepsPerSecond } = speed;
  const rate = stepsPerSecond === undefined ? "" : `${count(Math.round(stepsPerSecond))} steps/s, `;
  byId("facts").textContent = `${rate}${threads > 1 ? `${threads} threads` : "1 thread"}`;
}

function ready({ parameters, threads }: Facts): void {
  for (const arm of ["teacher", "student", "baseline"] as const) {
    const note = arm === "baseline" ? ", no teacher" : "";
    document.querySelector(`[data-size="${arm}"]`)!.textContent = `${count(parameters[arm])} weights${note}`;
  }
  byId("ratio").textContent = String(Math.round(parameters.teacher / parameters.student));
  speed = { threads, stepsPerSecond: undefined };
  showFacts();
  setStatus("Ready: press Start.");
  runButton.disabled = false;
  sampleButton.disabled = false;
}

function running(message: Extract<Message, { type: "running" }>): void {
  steps = message.steps;
  if (message.phase === "teacher") return;
  download.disabled = false;
  errors.level = wrong.teacher;
}

function stopped(isDone: boolean): void {
  isRunning = false;
  runButton.textContent = isDone ? "Done" : "Continue";
  runButton.disabled = isDone;
  const outcome = `Done: ${wrong.student} errors with the teacher, ${wrong.baseline} without.`;
  setStatus(isDone ? outcome : "Stopped between two steps.");
}

function loss({ arm, step, loss: value, stepsPerSecond }: Extract<Message, { type: "loss" }>): void {
  losses.add(arm, step, value);
  document.querySelector(`[data-loss="${arm}"]`)!.textContent = value.toPrecision(2);
  if (arm === "baseline") return;
  progress.value = step / steps;
  speed = { ...speed, stepsPerSecond };
  showFacts();
  if (isRunning) setStatus(`${PHASES[arm]}, step ${count(step)} of ${count(steps)}`);
}

function accuracy({ arm, step, accuracy: share }: Extract<Message, { type: "accuracy" }>): void {
  document.querySelector(`[data-accuracy="${arm}"]`)!.textContent = percent(share, 1);
  wrong[arm] = Math.round((1 - share) * TEST_DIGITS);
  errors.add(arm, step, wrong[arm]);
  classify();
}

function showClassified(probabilities: Partial<Record<Arm, readonly number[]>>): void {
  bars.show(probabilities, "Start the training: nobody has learned anything yet.");
}

function save(file: Uint8Array): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file as BlobPart], { type: "application/octet-stream" }));
  link.download = "student.onnx";
  link.click();
  URL.revokeObjectURL(link.href);
}

function failed(message: string): void {
  byId("error").hidden = false;
  byId("error").textContent = `Something went wrong: ${message}`;
  runButton.disabled = true;
}

worker.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  if (data.type === "ready") ready(data.facts);
  if (data.type === "running") running(data);
  if (data.type === "stopped") stopped(data.isDone);
  if (data.type === "loss") loss(data);
  if (data.type === "accuracy") accuracy(data);
  if (data.type === "classified") showClassified(data.probabilities);
  if (data.type === "sample") pad.show(data.pixels);
  if (data.type === "model") save(data.file);
  if (data.type === "failed") failed(data.message);
});
worker.addEventListener("error", (event) => failed(event.message));

runButton.addEventListener("click", () => {
  isRunning = !isRunning;
  runButton.textContent = isRunning ? "Stop" : "Stopping …";
  ask({ type: isRunning ? "start" : "stop" });
});
download.addEventListener("click", () => ask({ type: "export" }));
sampleButton.addEventListener("click", () => ask({ type: "sample" }));
byId("clear").addEventListener("click", () => pad.clear());

/** `?teacher=100&student=500` makes a shorter lesson. */
function lessonLength(): LessonLength {
  const query = new URLSearchParams(location.search);
  const steps = (arm: keyof LessonLength) => Number.parseInt(query.get(arm) ?? "", 10) || LENGTH[arm];
  return { teacher: steps("teacher"), student: steps("student") };
}

ask({ type: "load", digits: new URL("digits.bin", document.baseURI).href, length: lessonLength() });
