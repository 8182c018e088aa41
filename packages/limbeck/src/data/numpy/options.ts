import { z } from "zod";

const path = z.string().min(1).meta({
  description: "A .npy file, or an array of an .npz file by name: data.npz#x_train.",
});

const labels = path.optional().meta({
  description: "Whole numbers [N] or [N, 1] from 0, as .npy or data.npz#y_train. Only where there are classes.",
});

const shared = {
  labels,
  classes: z.array(z.string().min(1)).min(2).max(256).optional().meta({
    description: "Names of the classes, in order. Default: their numbers.",
  }),
};

/** What a recipe says of images in NumPy's files. */
export const imageArrayFields = {
  images: path.meta({ description: "Bytes [N, H, W], [N, H, W, C] or [N, C, H, W], as .npy or data.npz#x_train." }),
  test: z.strictObject({ images: path, labels }).optional(),
  layout: z.enum(["nhwc", "nchw"]).optional().meta({
    description: "Where channels stand. Default: told by where there are 1 or 3.",
  }),
  ...shared,
};

/** What a recipe says of rows in NumPy's files. */
export const rowArrayFields = {
  rows: path.meta({ description: "Numbers [N, columns], as .npy or data.npz#x_train." }),
  test: z.strictObject({ rows: path, labels }).optional(),
  ...shared,
};

/** Where channels stand in an array of images. */
export type ArrayLayout = "nhwc" | "nchw";
