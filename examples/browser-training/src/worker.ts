import { loadDigits, PIXELS, type Split } from "./data.js";
import { Lesson } from "./lesson.js";
import { CLASSES, countParameters, STUDENT, TEACHER } from "./models.js";
import type { Arm, LessonLength, Message, Request } from "./protocol.js";
import { threads } from "./runtime.js";

const ARMS: readonly Arm[] = ["teacher", "student", "baseline"];

const post = (message: Message) => postMessage(message);

/** Answers requests; steps of training run between them. */
class Classroom {
  readonly #split: Split;
  readonly #lesson: Lesson;

  private constructor(split: Split, length: LessonLength) {
    this.#split = split;
    this.#lesson = new Lesson(split, length, post);
  }

  static async open(digits: string, length: LessonLength): Promise<Classroom> {
    const classroom = new Classroom(await loadDigits(digits), length);
    const [teacher, student] = [countParameters(TEACHER), countParameters(STUDENT)];
    post({ type: "ready", facts: { threads, parameters: { teacher, student, baseline: student } } });
    return classroom;
  }

  async answer(request: Request): Promise<void> {
    if (request.type === "start") await this.#lesson.start();
    if (request.type === "stop") this.#lesson.stop();
    if (request.type === "classify") await this.#classify(request.pixels);
    if (request.type === "sample") this.#sample();
    if (request.type === "export") this.#export();
  }

  #export(): void {
    const student = this.#lesson.learner("student");
    if (student) post({ type: "model", file: student.export() });
  }

  async #classify(pixels: Float32Array): Promise<void> {
    const probabilities: Partial<Record<Arm, readonly number[]>> = {};
    for (const arm of ARMS) {
      const logits = await this.#lesson.learner(arm)?.classify(pixels);
      if (logits) probabilities[arm] = softmax(logits.subarray(0, CLASSES));
    }
    post({ type: "classified", probabilities });
  }

  #sample(): void {
    const { images, labels, size } = this.#split.test;
    const row = Math.floor(Math.random() * size);
    post({ type: "sample", pixels: images.slice(row * PIXELS, (row + 1) * PIXELS), label: Number(labels[row]) });
  }
}

function softmax(logits: Float32Array): number[] {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function failed(error: unknown): void {
  post({ type: "failed", message: error instanceof Error ? error.message : String(error) });
}

let classroom: Promise<Classroom> | undefined;

async function receive(request: Request): Promise<void> {
  if (request.type === "load") classroom = Classroom.open(request.digits, request.length);
  await (await classroom)?.answer(request);
}

addEventListener("message", ({ data }: MessageEvent<Request>) => {
  receive(data).catch(failed);
});
