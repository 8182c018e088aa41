import { GraphError } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import { bytes } from "./bytes.js";
import { efficientnetLite } from "./efficientnet-lite.js";
import { lenet } from "./lenet.js";
import { mixer } from "./mixer.js";
import { mlp } from "./mlp.js";
import { mobilenetv2 } from "./mobilenetv2.js";
import { mobilenetv3 } from "./mobilenetv3.js";
import type { Model, ModelFamily } from "./model.js";
import { ngrams } from "./ngrams.js";
import { repvgg } from "./repvgg.js";
import { resnet } from "./resnet.js";
import { atResolution } from "./resolution.js";
import { shufflenetv2 } from "./shufflenetv2.js";
import { standardized } from "./standardized.js";
import { vgg } from "./vgg.js";
import { vit } from "./vit.js";
import { wrn } from "./wrn.js";

/** All model families. */
export const modelFamilies = [
  mlp,
  lenet,
  resnet,
  wrn,
  vgg,
  mobilenetv2,
  mobilenetv3,
  shufflenetv2,
  efficientnetLite,
  repvgg,
  vit,
  mixer,
  bytes,
  ngrams,
] as const;

/** A family's name and its options, as a recipe gives them; all families know `resolution`. */
export type ModelChoice = { readonly family: string } & Readonly<Record<string, unknown>>;

/**
 * Builds the model that a recipe names.
 * @throws LimbeckError RECIPE_INVALID where it does not fit the images
 */
export function buildModel(choice: ModelChoice, geometry: ImageGeometry, classes: number): Model {
  const { family, resolution, ...options } = choice;
  const found = (modelFamilies as readonly ModelFamily[]).find(({ name }) => name === family);
  if (!found) throw new TypeError(`no model family ${family}`);
  try {
    const parsed = found.options.parse(options);
    const seen = typeof resolution === "number" ? { ...geometry, height: resolution, width: resolution } : geometry;
    const plain = found.build(parsed, seen, classes);
    const model = typeof resolution === "number" ? atResolution(plain, resolution) : plain;
    const moments = geometry.moments ?? geometry.spread;
    return moments ? standardized(model, moments) : model;
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    const size = [geometry.channels, resolution ?? geometry.height, resolution ?? geometry.width].join(" × ");
    throw new LimbeckError("RECIPE_INVALID", `${family} does not take images of ${size}: ${error.message}`, {
      where: `model: ${family}`,
      value: size,
      fix: "Choose a shallower model, one for small images, or larger images.",
      cause: error,
    });
  }
}
