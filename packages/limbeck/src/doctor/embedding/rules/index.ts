import type { Rule } from "../../rule.js";
import { nearDuplicates } from "../../rules/near-duplicates.js";
import { sharedSamples } from "../../rules/shared-samples.js";
import type { EmbeddingFindings } from "../facts.js";
import { commonDirection } from "./common-direction.js";
import { noBetterThanMean } from "./no-better-than-mean.js";
import { overfittingEmbedding } from "./overfitting.js";
import { patienceEmbedding } from "./patience.js";

/** All rules for embeddings, in the order in which they speak. */
export const EMBEDDING_RULES: readonly Rule<EmbeddingFindings>[] = [
  commonDirection,
  noBetterThanMean,
  overfittingEmbedding,
  patienceEmbedding,
  sharedSamples,
  nearDuplicates,
];
