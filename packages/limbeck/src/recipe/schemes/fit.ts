import { lossNamed } from "../../losses/index.js";
import { asksTeacher } from "../../losses/loss.js";
import { AUTO } from "../auto.js";
import type { Finding } from "../mixing.js";
import { type Generated, unfitForGenerated } from "./fit-generated.js";
import { type Scheme, type SchemeChoice, schemeNamed } from "./index.js";

type Terms = readonly { readonly loss?: unknown }[];

/** What of a recipe has to fit its scheme. */
interface Schemed extends Generated {
  readonly scheme: SchemeChoice;
  readonly teacher?: object | undefined;
  readonly distill: Terms;
  readonly variants: readonly (Generated["variants"][number] & { readonly distill?: Terms | undefined })[];
}

/** What a scheme does not have, or has and cannot use. */
export function unfitForScheme(recipe: Schemed): Finding[] {
  const { scheme, distill, variants } = recipe;
  const record = schemeNamed(scheme.name);
  const isGenerated = record.images === "generated";
  if (record.needs.includes("teacher") && !isGenerated) return [];
  const terms = [
    ...unfitTerms(record, distill, ["distill"]),
    ...variants.flatMap(({ distill: own }, v) => (own ? unfitTerms(record, own, ["variants", v, "distill"]) : [])),
  ];
  return isGenerated ? [...terms, ...unfitForGenerated(recipe)] : unfitForPeers(recipe, terms);
}

/** What a scheme without a teacher has no use for. */
function unfitForPeers({ scheme, teacher, variants }: Schemed, terms: readonly Finding[]): Finding[] {
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

function unfitTerms({ name, gives, needs, pretrains }: Scheme, terms: Terms, path: Finding["path"]): Finding[] {
  const hasTeacher = needs.includes("teacher");
  if (terms.some(({ loss }) => loss === AUTO)) {
    const basis = hasTeacher ? "by the transfer set" : "for a teacher";
    return [{ path, message: `${AUTO} chooses terms ${basis}, which the ${name} scheme does not have; name terms` }];
  }
  const unfit = terms.flatMap(({ loss }, i) => {
    const missing = lossNamed(String(loss)).needs.filter((need) => !gives.includes(need));
    const message = `${loss} needs ${missing.join(", ")}, which the ${name} scheme does not give`;
    return missing.length > 0 ? [{ path: [...path, i], message }] : [];
  });
  if (pretrains || terms.some(({ loss }) => asksTeacher(lossNamed(String(loss))))) return unfit;
  const others = hasTeacher ? "teacher" : "other models";
  return [...unfit, { path, message: `no term learns from the ${others}; add one that does, such as kd` }];
}
