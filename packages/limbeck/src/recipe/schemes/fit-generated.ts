import type { Finding } from "../mixing.js";
import { isAudio, isFolder, isOfNumbers, isTexts } from "../source.js";
import { RELATED_DATA } from "./data-free.js";
import type { SchemeChoice } from "./index.js";

type Images = { readonly augment?: readonly unknown[] | undefined };

/** What of a recipe has to fit a scheme whose students never see a training image. */
export interface Generated {
  readonly scheme: SchemeChoice;
  readonly teacher?: object | undefined;
  readonly data: { readonly source: unknown; readonly transfer: { readonly size?: number | undefined } };
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

const NO_IMAGES = "the student sees no training sample; leave it out";

/** What only makes sense with training images, and controls that would be none. */
export function unfitForGenerated(recipe: Generated): Finding[] {
  const { data, student, assistants, generations, baseline, variants } = recipe;
  const found = (isFound: boolean, path: Finding["path"], message = NO_IMAGES): Finding[] =>
    isFound ? [{ path, message }] : [];
  const chain = "assistants and generations learn from training images; leave them out";
  return [
    ...unfitSample(recipe),
    ...found((student.train.augment ?? []).length > 0, ["student", "train", "augment"]),
    ...found(assistants.length > 0, ["assistants"], chain),
    ...found(generations > 1, ["generations"], chain),
    ...found(isAudio(data.source), ["scheme"], "nothing makes sounds yet; take another scheme"),
    ...found(isTexts(data.source), ["scheme"], "nothing makes texts yet; take another scheme"),
    ...found(isFolder(data.source) && data.source.unlabelled !== undefined, ["data", "source", "unlabelled"]),
    ...found(!baseline, ["baseline"], "a data-free result is always compared with random noise; leave it out"),
    ...variants.flatMap(({ train, transfer, correctBiases }, v) => [
      ...found(transfer !== undefined && !takesSample(recipe.scheme), ["variants", v, "transfer"]),
      ...found((train.augment ?? []).length > 0, ["variants", v, "train", "augment"]),
      ...found(correctBiases, ["variants", v, "correctBiases"]),
    ]),
    ...unfitOptions(recipe),
  ];
}

/** Whether new rows are made of some real ones. */
export const takesSample = ({ by }: SchemeChoice): boolean => by === "munge" || by === "spunge";

/** The largest sample in which every row's nearest neighbor is looked for. */
const LARGEST_SAMPLE = 5000;

/** Rows are made of a sample that the recipe gives, or else of none. */
function unfitSample({ scheme, data }: Generated): Finding[] {
  const { name, by } = scheme;
  const { size } = data.transfer;
  const isForRows = isOfNumbers(data.source);
  const path = ["data", "transfer"];
  const asks = `${by} makes rows of a small sample: say of how many, such as size: 100, and of at most ${LARGEST_SAMPLE}`;
  if (name === "synthesis" && !isForRows) {
    return [{ path: ["scheme"], message: "synthesis makes rows, and the data are images; use dfad, or a table" }];
  }
  if (!isForRows && scheme.moments !== undefined) {
    return [{ path: ["scheme", "moments"], message: "moments are of rows, and the data are images; leave it out" }];
  }
  if (takesSample(scheme)) {
    return size !== undefined && size <= LARGEST_SAMPLE ? [] : [{ path, message: asks }];
  }
  return Object.keys(data.transfer).length > 0 ? [{ path, message: NO_IMAGES }] : [];
}

function unfitOptions({ scheme, teacher, data, variants }: Generated): Finding[] {
  const { adversarial, oneHot, statistics, activation, entropy, related } = scheme;
  const weights = [adversarial, oneHot, statistics, activation, entropy].filter((weight) => weight !== undefined);
  const isAimless = weights.length > 0 && weights.every((weight) => weight === 0);
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
