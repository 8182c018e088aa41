import { isMixing } from "../data/mix/index.js";
import { lossNamed } from "../losses/index.js";
import { mixesSamples } from "../losses/loss.js";
import { AUTO } from "./auto.js";

/** Something that is wrong, and where: keys down to the place. */
export interface Finding {
  readonly path: (string | number)[];
  readonly message: string;
}

type Named = readonly { readonly name?: unknown }[];
type Terms = readonly { readonly loss?: unknown }[];

/** What of a recipe decides which losses meet mixed images. */
interface Mixed {
  readonly student: { readonly train: { readonly augment: Named } };
  readonly distill: Terms;
  readonly variants: readonly {
    readonly train: { readonly augment?: Named | undefined };
    readonly distill?: Terms | undefined;
  }[];
}

/** Mixing is done to batches, when single images are ready: what is written after it would come too early. */
export function misplacedChanges(augment: Named): Finding[] {
  const first = augment.findIndex(({ name }) => isMixing(String(name)));
  if (first < 0) return [];
  return augment.flatMap(({ name }, i) => {
    if (i < first || isMixing(String(name))) return [];
    return { path: [i], message: `${name} changes single images: it must stand before ${augment[first]!.name}` };
  });
}

/** Terms that are undefined where images are mixed, of the main comparison and of every variant. */
export function undefinedTerms({ student, distill, variants }: Mixed): Finding[] {
  const main = termsAgainst(student.train.augment, distill, ["distill"]);
  return [
    ...main,
    ...variants.flatMap(({ train, distill: own }, v) => {
      const augment = train.augment ?? student.train.augment;
      if (own) return termsAgainst(augment, own, ["variants", v, "distill"]);
      if (!train.augment) return [];
      return termsAgainst(augment, distill, ["variants", v, "train", "augment"], "place");
    }),
  ];
}

/** @param at whether the path is that of the terms, or of what mixes */
function termsAgainst(augment: Named, terms: Terms, path: Finding["path"], at: "term" | "place" = "term"): Finding[] {
  const place = augment.findIndex(({ name }) => isMixing(String(name)));
  if (place < 0) return [];
  return terms.flatMap(({ loss }, i) => {
    if (loss === AUTO || mixesSamples(lossNamed(String(loss)))) return [];
    const message = `${loss} is undefined for the mixed images that ${augment[place]!.name} makes: it asks what one sample is`;
    return {
      path: [...path, at === "term" ? i : place],
      message: `${message}; use kd or cross-entropy, or do not mix`,
    };
  });
}
