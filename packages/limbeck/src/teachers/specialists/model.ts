import type { Model } from "../../models/model.js";
import { joined } from "../ensemble/model.js";
import { mergedLogits, weighedAnswers } from "./merge.js";
import type { Specialists } from "./options.js";

/** Specialists as one model of all classes, which sees no labels. Parts are called as those of an ensemble. */
export function mergedModel(members: readonly Model[], specialists: Specialists, classes: number): Model {
  const { route } = specialists;
  return joined(members, `specialists-${route}`, (logits) =>
    mergedLogits(weighedAnswers(logits, specialists), classes),
  );
}
