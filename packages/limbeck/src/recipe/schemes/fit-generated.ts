import type { Finding } from "../mixing.js";
import { RELATED_DATA } from "./data-free.js";
import type { SchemeChoice } from "./index.js";

type Images = { readonly augment?: readonly unknown[] | undefined };

/** What of a recipe has to fit a scheme whose students never see a training image. */
export interface Generated {
  readonly scheme: SchemeChoice;
  readonly teacher?: object | undefined;
  readonly data: { readonly source: unknown; readonly transfer: object };
  readonly student: { readonly train: Images };
  readonly assistants: readonly unknown[];
  readonly generations: number;
  readonly baseline: boolean;
  readonly variants: readonly {
    readonly name: string;
    readonly train: Images;
    readonly transfer?: object | undefined;
    readonly correctBiases: boolean;
  }[];
}

const NO_IMAGES = "the student sees no training image; leave it out";

/** What only makes sense with training images, and controls that would be none. */
export function unfitForGenerated(recipe: Generated): Finding[] {
  const { data, student, assistants, generations, baseline, variants } = recipe;
  const found = (isFound: boolean, path: Finding["path"], message = NO_IMAGES): Finding[] =>
    isFound ? [{ path, message }] : [];
  const chain = "assistants and generations learn from training images; leave them out";
  return [
    ...found(Object.keys(data.transfer).length > 0, ["data", "transfer"]),
    ...found((student.train.augment ?? []).length > 0, ["student", "train", "augment"]),
    ...found(assistants.length > 0, ["assistants"], chain),
    ...found(generations > 1, ["generations"], chain),
    ...found(!baseline, ["baseline"], "a data-free result is always compared with random noise; leave it out"),
    ...variants.flatMap(({ train, transfer, correctBiases }, v) => [
      ...found(transfer !== undefined, ["variants", v, "transfer"]),
      ...found((train.augment ?? []).length > 0, ["variants", v, "train", "augment"]),
      ...found(correctBiases, ["variants", v, "correctBiases"]),
    ]),
    ...unfitOptions(recipe),
  ];
}

function unfitOptions({ scheme, teacher, data, variants }: Generated): Finding[] {
  const { adversarial, oneHot, statistics, activation, entropy, related } = scheme;
  const isAimless = [adversarial, oneHot, statistics, activation, entropy].every((weight) => (weight ?? 0) === 0);
  const labelled = teacher && "combine" in teacher && teacher.combine === "correctness";
  const taken = variants.findIndex(({ name }) => related !== undefined && name === RELATED_DATA);
  return [
    ...(isAimless
      ? [
          {
            path: ["scheme"],
            message: "images are made for nothing; give one of adversarial, oneHot and the other weights",
          },
        ]
      : []),
    ...(related !== undefined && related === data.source
      ? [{ path: ["scheme", "related"], message: `${related} is the teacher's own data; name other images` }]
      : []),
    ...(labelled
      ? [{ path: ["teacher", "combine"], message: "correctness weighs by labels, which generated images do not have" }]
      : []),
    ...(taken >= 0
      ? [
          {
            path: ["variants", taken, "name"],
            message: `${RELATED_DATA} is the control of scheme.related; take another name`,
          },
        ]
      : []),
  ];
}
