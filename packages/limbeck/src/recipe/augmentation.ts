import { AUGMENTATIONS, SOUND_AUGMENTATIONS } from "../data/augment/index.js";
import { MIXINGS } from "../data/mix/index.js";
import { choice } from "./choice.js";

type Change = { readonly name: string; readonly options: Parameters<typeof choice>[1][number]["options"] };

const choiceOf = (changes: readonly (Change & { readonly summary: string })[]) =>
  choice(
    "name",
    changes.map(({ name, options, summary }) => ({ name, options, description: summary })),
  );

/** A change of single images. */
export const imageChange = choiceOf(Object.values(AUGMENTATIONS));

/** A change of single images or sounds, or of whole batches. */
export const augmentation = choiceOf(
  [AUGMENTATIONS, SOUND_AUGMENTATIONS, MIXINGS].flatMap((changes) => Object.values(changes)),
);
