import type { ImageGeometry } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import { buildModel, modelFamilies } from "./index.js";
import { modelCost } from "./inference.js";
import { type FamilyMember, type ModelFamily, parameterCount } from "./model.js";

/** What is known of a model without training it. */
export interface CatalogEntry {
  readonly name: string;
  readonly family: string;
  /** Trainable values of the exported model. */
  readonly parameters: number;
  /** Multiply-accumulate pairs for one image; many papers call these FLOPs. */
  readonly macs: number;
  /** All floating-point operations for one image, two for each pair. */
  readonly flops: number;
  readonly description: string;
  /** The family's options that make this member: what a recipe says beside `family`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Images that the figures are for: [channels, height, width]. */
  readonly input: readonly [number, number, number];
  readonly classes: number;
}

/**
 * All well-known members of all families, but those that do not take the images.
 * @param geometry images that the figures are for; by default those that each member was made for
 * @param classes likewise
 */
export function modelCatalog(geometry?: ImageGeometry, classes?: number): CatalogEntry[] {
  return (modelFamilies as readonly ModelFamily[]).flatMap((family) =>
    family.members.flatMap((member) => {
      const benchmark = { geometry: geometry ?? member.geometry, classes: classes ?? member.classes };
      return entryOf(family, { ...member, ...benchmark });
    }),
  );
}

function entryOf({ name: family, description }: ModelFamily, member: FamilyMember): CatalogEntry | [] {
  const { name, options, geometry, classes } = member;
  try {
    const model = buildModel({ family, ...options }, geometry, classes);
    const { macs, flops } = modelCost(model, geometry);
    const input = [geometry.channels, geometry.height, geometry.width] as const;
    return { name, family, parameters: parameterCount(model), macs, flops, description, options, input, classes };
  } catch (error) {
    if (error instanceof LimbeckError) return [];
    throw error;
  }
}
