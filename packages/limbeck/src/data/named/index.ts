import { digits } from "./digits.js";
import { fashionMnist } from "./fashion-mnist.js";
import { mnist } from "./mnist.js";
import type { NamedDataset } from "./named.js";

/** Every data set that a recipe can name. */
export const NAMED_DATASETS: Readonly<Record<"digits" | "mnist" | "fashion-mnist", NamedDataset>> = {
  digits,
  mnist,
  "fashion-mnist": fashionMnist,
};
