import { lossNamed } from "../../losses/index.js";
import { asksTeacher } from "../../losses/loss.js";
import { AUTO } from "../auto.js";
import type { Finding } from "../mixing.js";
import { type Scheme, type SchemeChoice, schemeNamed } from "./index.js";

type Terms = readonly { readonly loss?: unknown }[];

/** What of a recipe has to fit its scheme. */
interface Schemed {
  readonly scheme: SchemeChoice;
  readonly teacher?: unknown;
  readonly distill: Terms;
  readonly variants: readonly { readonly distill?: Terms | undefined; readonly correctBiases: boolean }[];
}

/** What a scheme without a teacher does not have, or has and cannot use. */
export function unfitForScheme({ scheme, teacher, distill, variants }: Schemed): Finding[] {
  const record = schemeNamed(scheme.name);
  if (record.needs.includes("teacher")) return [];
  const terms = [
    ...unfitTerms(record, distill, ["distill"]),
    ...variants.flatMap(({ distill: own }, v) => (own ? unfitTerms(record, own, ["variants", v, "distill"]) : [])),
  ];
  const asks = (path: Finding["path"], thing: string) => ({
    path,
    message: `the ${scheme.name} scheme has no teacher${thing}`,
  });
  return [
    ...(teacher === undefined ? [] : [asks(["teacher"], "; leave it out, or use the offline scheme")]),
    ...terms,
    ...variants.flatMap(({ correctBiases }, v) =>
      correctBiases ? [asks(["variants", v, "correctBiases"], " whose priors biases could be matched to")] : [],
    ),
  ];
}

function unfitTerms({ name, gives }: Scheme, terms: Terms, path: Finding["path"]): Finding[] {
  if (terms.some(({ loss }) => loss === AUTO)) {
    return [
      { path, message: `${AUTO} chooses terms for a teacher, which the ${name} scheme does not have; name terms` },
    ];
  }
  const unfit = terms.flatMap(({ loss }, i) => {
    const missing = lossNamed(String(loss)).needs.filter((need) => !gives.includes(need));
    const message = `${loss} needs ${missing.join(", ")}, which the ${name} scheme does not give`;
    return missing.length > 0 ? [{ path: [...path, i], message }] : [];
  });
  if (terms.some(({ loss }) => asksTeacher(lossNamed(String(loss))))) return unfit;
  return [...unfit, { path, message: "no term learns from the other models; add one that does, such as kd" }];
}
