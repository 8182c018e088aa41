import type { EmbeddingFindings } from "./embedding/facts.js";
import { EMBEDDING_RULES } from "./embedding/rules/index.js";
import type { Findings } from "./facts.js";
import type { Rule } from "./rule.js";
import { RULES } from "./rules/index.js";

/** What a rule has to say of a pair. */
export interface Advice {
  readonly rule: string;
  readonly sentence: string;
  readonly source: string;
}

/** What there is to be said of a pair; the same findings always give the same. */
export function adviceOn(findings: Findings | EmbeddingFindings): Advice[] {
  return "task" in findings ? adviceBy(EMBEDDING_RULES, findings) : adviceBy(RULES, findings);
}

function adviceBy<Facts>(rules: readonly Rule<Facts>[], findings: Facts): Advice[] {
  return rules.flatMap((rule) => {
    const sentence = rule.advise(findings);
    return sentence === undefined ? [] : [{ rule: rule.name, sentence, source: rule.source }];
  });
}
