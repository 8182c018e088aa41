import { isMixing } from "../data/mix/index.js";
import { lossNamed } from "../losses/index.js";
import type { LossNeed } from "../losses/loss.js";
import { AUTO } from "./auto.js";
import type { Finding } from "./mixing.js";

/** Training cannot end after its schedule. */
export function lateStop({ stopAfter, epochs }: { stopAfter?: number | undefined; epochs: number }): Finding[] {
  if (stopAfter === undefined || stopAfter <= epochs) return [];
  return [{ path: ["stopAfter"], message: `${stopAfter} epochs are more than the ${epochs} of the schedule` }];
}

interface Weighed {
  readonly ensemble: readonly unknown[];
  readonly combine: string;
  readonly weights?: readonly number[] | undefined;
}

/** Weights are there where they are used, one for each member. */
export function misweighed({ ensemble, combine, weights }: Weighed): Finding[] {
  if (combine !== "weighted") {
    if (!weights) return [];
    return [{ path: ["weights"], message: `combine: ${combine} takes no weights; use combine: weighted` }];
  }
  if (weights?.length === ensemble.length) return [];
  const given = weights ? `has ${weights.length} numbers` : "is missing";
  return [{ path: ["weights"], message: `${given}, and there are ${ensemble.length} members: give one for each` }];
}

type Terms = readonly { readonly loss?: unknown }[];
type Train = { readonly augment?: readonly { readonly name?: unknown }[] | undefined };

interface Learner {
  readonly train: Train;
  readonly distill: Terms;
  readonly at: Finding["path"];
}

/** What of a recipe decides who learns from the teacher, and how. */
export interface ManyTeachers {
  readonly teacher?: object | undefined;
  readonly assistants: readonly { readonly train?: Train | undefined; readonly distill?: Terms | undefined }[];
  readonly generations: number;
  readonly student: { readonly train: Train };
  readonly distill: Terms;
  readonly variants: readonly {
    readonly train: Train;
    readonly distill?: Terms | undefined;
    readonly assistants?: false | undefined;
  }[];
}

/** Needs of terms that run the teacher in the student's graph, where it sees images alone. */
export const INSIDE: readonly LossNeed[] = ["features", "pairs of features", "linear heads", "input gradients"];

/** Members are weighed by labels where soft targets are made outside of the graph, and of images that have one label. */
export function unseenLabels(recipe: ManyTeachers): Finding[] {
  const { teacher } = recipe;
  if (!teacher || !("combine" in teacher) || teacher.combine !== "correctness") return [];
  return learnersOf(recipe).flatMap(({ train, distill, at }) => {
    const mixes = train.augment?.find(({ name }) => isMixing(String(name)));
    if (mixes) return [{ path: at, message: `${mixes.name} mixes labels, and combine: correctness needs single ones` }];
    const looks = distill.find(({ loss }) => loss === AUTO || looksInside(String(loss)));
    if (!looks) return [];
    const what = looks.loss === AUTO ? "distill: auto may choose terms that look" : `${looks.loss} looks`;
    return [
      {
        path: at,
        message: `${what} inside of the teacher, where combine: correctness has no labels to weigh by; use terms on answers alone, such as kd, or another combine`,
      },
    ];
  });
}

function looksInside(loss: string): boolean {
  return lossNamed(loss).needs.some((need) => INSIDE.includes(need));
}

/** Who learns from the teacher itself. */
export function learnersOf({ assistants, generations, student, distill, variants }: ManyTeachers): Learner[] {
  const [first] = assistants;
  const main: Learner = first
    ? { train: first.train ?? student.train, distill: first.distill ?? distill, at: ["assistants", 0] }
    : { train: student.train, distill, at: ["distill"] };
  const hasChain = first !== undefined || generations > 1;
  const others = variants.flatMap((variant, i): Learner[] => {
    if (hasChain && variant.assistants !== false) return [];
    const train = variant.train.augment ? variant.train : student.train;
    return [{ train, distill: variant.distill ?? distill, at: ["variants", i] }];
  });
  return [main, ...others];
}

/** What there is no chain for. */
export function brokenChain({ teacher, assistants, generations, variants }: ManyTeachers): Finding[] {
  if (assistants.length > 0 || generations > 1) {
    const message = "a chain begins with a teacher; add a teacher section";
    return teacher ? [] : [{ path: [assistants.length > 0 ? "assistants" : "generations"], message }];
  }
  return variants.flatMap((variant, i) =>
    variant.assistants === false
      ? [{ path: ["variants", i, "assistants"], message: "there are no assistants and no generations to learn past" }]
      : [],
  );
}
