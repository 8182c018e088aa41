/** What the page asks of the worker. */
export type Request =
  /** Comes first: where the packed digits lie, and how long the lesson is. */
  | { readonly type: "load"; readonly digits: string; readonly length: LessonLength }
  | { readonly type: "start" }
  | { readonly type: "stop" }
  /** 784 values of 0 … 1, row by row. */
  | { readonly type: "classify"; readonly pixels: Float32Array }
  | { readonly type: "sample" }
  | { readonly type: "export" };

/** The three networks: the teacher, the student that it teaches, and the same student on its own. */
export type Arm = "teacher" | "student" | "baseline";

/** Steps of the two phases. */
export type LessonLength = Readonly<Record<"teacher" | "student", number>>;

export interface Facts {
  readonly threads: number;
  readonly parameters: Readonly<Record<Arm, number>>;
}

/** What the worker tells the page. */
export type Message =
  | { readonly type: "ready"; readonly facts: Facts }
  | { readonly type: "running"; readonly phase: "teacher" | "student"; readonly steps: number }
  | { readonly type: "stopped"; readonly isDone: boolean }
  /** Mean loss since the last message. */
  | {
      readonly type: "loss";
      readonly arm: Arm;
      readonly step: number;
      readonly loss: number;
      readonly stepsPerSecond: number;
    }
  /** Share of test digits read correctly. */
  | { readonly type: "accuracy"; readonly arm: Arm; readonly step: number; readonly accuracy: number }
  /** Probabilities of the ten digits; an arm that has not begun to learn is missing. */
  | { readonly type: "classified"; readonly probabilities: Partial<Record<Arm, readonly number[]>> }
  | { readonly type: "sample"; readonly pixels: Float32Array; readonly label: number }
  | { readonly type: "model"; readonly file: Uint8Array }
  | { readonly type: "failed"; readonly message: string };
