import { z } from "zod";
import { paths } from "../paths.js";

const side = z.int().min(1).max(2048);

/** How images are brought to one size. */
export const shapeFields = {
  size: z
    .union([side.transform((pixels): [number, number] => [pixels, pixels]), z.tuple([side, side])])
    .meta({ description: "Pixels of a side, or [height, width]: all images are brought to it." }),
  fit: z.enum(["cover", "contain", "stretch"]).default("cover").meta({
    description: "Cut off what is too long, pad with black, or change the proportions.",
  }),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .meta({ description: "1: gray, 3: color." }),
  corrupt: z.enum(["fail", "skip"]).default("fail").meta({
    description: "What is done about images that cannot be decoded: both list them.",
  }),
};

/** What a recipe says of folders of images. */
export const folderFields = {
  folder: paths.meta({
    description:
      "A folder with one folder of images for each class, which it names; or a pattern of such folders, or of images in folders that are called as their class; or several.",
  }),
  test: paths.optional().meta({ description: "The same, of the same classes, for testing." }),
  unlabelled: paths.optional().meta({
    description:
      "A folder of further images, or a pattern of them, or several, of no known class, that the student learns from as the teacher sees them.",
  }),
  ...shapeFields,
};

const shape = z.object(shapeFields);

/** The size that images are brought to, and how. */
export type ImageShape = Readonly<Omit<z.output<typeof shape>, "corrupt">>;
