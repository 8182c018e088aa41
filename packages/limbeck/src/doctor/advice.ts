import type { Findings } from "./facts.js";
import { RULES } from "./rules/index.js";

/** What a rule has to say of a pair. */
export interface Advice {
  readonly rule: string;
  readonly sentence: string;
  readonly source: string;
}

/** What there is to be said of a pair; the same findings always give the same. */
export function adviceOn(findings: Findings): Advice[] {
  return RULES.flatMap((rule) => {
    const sentence = rule.advise(findings);
    return sentence === undefined ? [] : [{ rule: rule.name, sentence, source: rule.source }];
  });
}
