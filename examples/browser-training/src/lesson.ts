import { type Digits, PIXELS, type Split } from "./data.js";
import { Learner } from "./learner.js";
import { distillationProgram, labelProgram, STUDENT, TEACHER } from "./models.js";
import type { Arm, LessonLength, Message } from "./protocol.js";

const TEACHER_BATCH = 128;
const STUDENT_BATCH = 64;
/** Steps between two reports, and between two looks at the test digits. */
const REPORT = { teacher: 10, student: 50 } as const;
const TEST = { teacher: 75, student: 250 } as const;

type Report = (message: Message) => void;

/**
 * A whole lesson: first the teacher learns, then the student from it, and the same student beside it without a teacher,
 * from the same first weights and in the same order. It can be stopped between two steps and go on later.
 */
export class Lesson {
  readonly #split: Split;
  readonly #length: LessonLength;
  readonly #report: Report;
  readonly #learners: Partial<Record<Arm, Learner>> = {};
  #wanted = false;
  #running: Promise<void> | undefined;

  constructor(split: Split, length: LessonLength, report: Report) {
    this.#split = split;
    this.#length = length;
    this.#report = report;
  }

  /** The network of a name, once it has begun to learn. */
  learner(arm: Arm): Learner | undefined {
    return this.#learners[arm];
  }

  start(): Promise<void> {
    this.#wanted = true;
    this.#running ??= this.#teach().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  stop(): void {
    this.#wanted = false;
  }

  async #teach(): Promise<void> {
    const teacher = await this.#teacher();
    this.#report({ type: "running", phase: "teacher", steps: this.#length.teacher });
    await this.#phase("teacher", ["teacher"]);
    if (teacher.isDone && this.#wanted) {
      await this.#students(teacher);
      this.#report({ type: "running", phase: "student", steps: this.#length.student });
      await this.#phase("student", ["student", "baseline"]);
    }
    this.#report({ type: "stopped", isDone: this.#learners.student?.isDone === true });
  }

  /** Steps of all arms in turn, until they are done or nobody wants more. */
  async #phase(phase: "teacher" | "student", arms: readonly Arm[]): Promise<void> {
    const learners = arms.map((arm) => ({ arm, learner: this.#learners[arm]!, sum: 0, began: performance.now() }));
    const isDone = () => learners.every(({ learner }) => learner.isDone);
    if (learners.some(({ learner }) => learner.step === 0)) await this.#test(arms);
    while (this.#wanted && !isDone()) {
      for (const entry of learners) {
        entry.sum += await entry.learner.learn();
        if (entry.learner.step % REPORT[phase] === 0) this.#reportLoss(entry, REPORT[phase]);
      }
      const { step } = learners[0]!.learner;
      if (step % TEST[phase] === 0 || isDone()) await this.#test(arms);
      if (step % REPORT[phase] === 0) await messages();
    }
  }

  #reportLoss(entry: { arm: Arm; learner: Learner; sum: number; began: number }, count: number): void {
    const now = performance.now();
    const stepsPerSecond = (1000 * count) / (now - entry.began);
    this.#report({ type: "loss", arm: entry.arm, step: entry.learner.step, loss: entry.sum / count, stepsPerSecond });
    entry.sum = 0;
    entry.began = now;
  }

  async #test(arms: readonly Arm[]): Promise<void> {
    for (const arm of arms) {
      const learner = this.#learners[arm]!;
      const accuracy = await learner.accuracy(this.#split.test);
      this.#report({ type: "accuracy", arm, step: learner.step, accuracy });
    }
  }

  async #teacher(): Promise<Learner> {
    this.#learners.teacher ??= await Learner.create({
      architecture: TEACHER,
      program: labelProgram(TEACHER, TEACHER_BATCH),
      digits: this.#split.teacher,
      batch: TEACHER_BATCH,
      steps: this.#length.teacher,
      learningRate: 1e-3,
      seed: 1,
    });
    return this.#learners.teacher;
  }

  async #students(teacher: Learner): Promise<void> {
    if (this.#learners.student && this.#learners.baseline) return;
    const digits = this.#split.transfer;
    const common = {
      architecture: STUDENT,
      digits,
      batch: STUDENT_BATCH,
      steps: this.#length.student,
      learningRate: 2e-3,
    };
    const logits = await logitsOf(teacher, digits);
    const program = distillationProgram(STUDENT, STUDENT_BATCH);
    this.#learners.student = await Learner.create({ ...common, seed: 2, program, teacher: logits });
    this.#learners.baseline = await Learner.create({
      ...common,
      seed: 2,
      program: labelProgram(STUDENT, STUDENT_BATCH),
    });
  }
}

/** The teacher's answers, in parts: all at once would take much memory. */
async function logitsOf(teacher: Learner, { images, size }: Digits): Promise<Float32Array> {
  const part = 500;
  const answers: Float32Array[] = [];
  for (let start = 0; start < size; start += part) {
    answers.push(await teacher.classify(images.subarray(start * PIXELS, (start + part) * PIXELS)));
  }
  return Float32Array.from(answers.flatMap((answer) => Array.from(answer)));
}

/** Lets messages in: a loop of steps alone would leave no room for them. */
function messages(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
