import { z } from "zod";
import { onnxModelOptions } from "../imported/options.js";
import { modelFamilies } from "../models/index.js";
import { resolutionOption } from "../models/resolution.js";

/** A union of records, told apart by the key that holds their name. */
export function choice(key: string, records: readonly { name: string; options: z.ZodObject; description: string }[]) {
  const members = records.map(({ name, options, description }) =>
    options.extend({ [key]: z.literal(name) }).meta({ description }),
  );
  return z.discriminatedUnion(key, members as [z.ZodObject, ...z.ZodObject[]]);
}

const sized = modelFamilies.map(({ name, options, description }) => {
  return { name, options: (options as z.ZodObject).extend(resolutionOption), description };
});

/** A model family and its options. */
export const modelChoice = choice("family", sized).meta({
  id: "model",
  description: "A model family and its options.",
});

/** What is trained: a model family, or the network of an ONNX file. */
export const trainedModel = z
  .union([modelChoice, onnxModelOptions.meta({ id: "onnxModel", description: "The network of an ONNX file." })])
  .meta({ description: "A model family and its options, or an ONNX file that is trained further." });
