import { z } from "zod";
import { pruneOptions, quantizeOptions } from "../compress/options.js";
import { lossNamed } from "../losses/index.js";
import { AUTO } from "./auto.js";
import type { Finding } from "./mixing.js";
import { OFFLINE } from "./schemes/index.js";

/** What of a student is made smaller while it learns. */
const compressions = {
  quantize: z
    .union([z.literal("int8").transform(() => quantizeOptions.parse({})), quantizeOptions])
    .meta({ description: "Train for 8 bits, and export so: int8, or a record with options." }),
  prune: pruneOptions,
};

/** Keys of a student. */
export const compressionFields = { quantize: compressions.quantize.optional(), prune: compressions.prune.optional() };

const off = z.literal(false).meta({ description: "false: as it is." });

/** The same of a variant, which may take the student's own away. */
export const variantCompressionFields = {
  quantize: z.union([off, compressions.quantize]).optional(),
  prune: z.union([off, compressions.prune]).optional(),
};

const KEYS = Object.keys(compressions) as (keyof typeof compressions)[];

type Compressed = { readonly [Key in keyof typeof compressions]?: object | false | undefined };
type Terms = readonly { readonly loss?: unknown }[];

/** What of a recipe says who is made smaller. */
interface OfCompression {
  readonly scheme: { readonly name: string };
  readonly student: Compressed & { readonly model: object };
  readonly distill: Terms;
  readonly variants: readonly (Compressed & { readonly distill?: Terms | undefined })[];
}

/** Students that cannot be made smaller while they learn. */
export function unfitForCompression(recipe: OfCompression): Finding[] {
  const { scheme, student, distill, variants } = recipe;
  const learners: [Compressed, Terms, Finding["path"]][] = [
    [student, distill, ["student"]],
    ...variants.map((variant, v): [Compressed, Terms, Finding["path"]] => {
      const own = Object.fromEntries(KEYS.map((key) => [key, variant[key] ?? student[key]]));
      return [own, variant.distill ?? distill, ["variants", v]];
    }),
  ];
  return learners.flatMap(([learner, terms, path]) => {
    const key = KEYS.find((key) => learner[key]);
    const problem = key && problemOf(key, scheme.name, student.model, terms);
    return problem ? [{ path: [...path, key], message: problem }] : [];
  });
}

function problemOf(key: string, scheme: string, model: object, terms: Terms): string | undefined {
  if (scheme !== OFFLINE.name) return `${key} is for the offline scheme, and not for ${scheme}; leave it out`;
  if ("onnx" in model) return `${key} is for students of a family, and not for files; leave it out`;
  const deployed = terms.find(({ loss }) => loss !== AUTO && lossNamed(String(loss)).deploy);
  return deployed && `${key} does not go with ${deployed.loss}, which exports another network; leave one of them out`;
}
