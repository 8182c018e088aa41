import { z } from "zod";
import type { ImageGeometry } from "../../data/dataset.js";
import { LimbeckError } from "../../support/errors.js";
import { besideModel, readSmallJson } from "./beside.js";
import { mismatch } from "./interface.js";
import type { ImageOptions } from "./options.js";

const sides = z.union([
  z.int().positive(),
  z.looseObject({
    height: z.int().positive().optional(),
    width: z.int().positive().optional(),
    shortest_edge: z.int().positive().optional(),
  }),
]);
const numbers = z.union([z.number(), z.array(z.number()).min(1)]);

/** The keys of a Hugging Face image processor that say how an image becomes an input. */
const schema = z.looseObject({
  do_resize: z.boolean().nullish(),
  size: sides.nullish(),
  resample: z.int().nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: sides.nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().positive().nullish(),
  rescale_offset: z.boolean().nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: numbers.nullish(),
  image_std: numbers.nullish(),
  do_flip_channel_order: z.boolean().nullish(),
});

type Processor = z.output<typeof schema>;

/** Pillow's numbers of filters. */
const FILTERS: Readonly<Record<number, ImageOptions["resample"]>> = { 2: "bilinear", 3: "bicubic" };

/**
 * What a recipe says of a file's input, and for the rest the preprocessor_config.json beside it, where there is one.
 * @throws LimbeckError FILE_UNREADABLE, TEACHER_MISMATCH where it asks for a filter that there is not
 */
export function completed<Options extends ImageOptions>(options: Options, images: ImageGeometry): Options {
  const path = besideModel(options.onnx, "preprocessor_config.json");
  if (path === undefined) return options;
  const result = schema.safeParse(readSmallJson(path));
  if (!result.success) {
    throw new LimbeckError(
      "FILE_UNREADABLE",
      `${path} does not say how images are prepared: ${result.error.issues[0]!.message}`,
      {
        where: path,
        value: result.error.issues[0]!.path.join("."),
        fix: "Repair or remove it, and say in the recipe how images go in.",
      },
    );
  }
  const declared = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...told(result.data, options, images, path), ...Object.fromEntries(declared) } as Options;
}

/** A declared size, range or normalization takes the place of all that belongs to it. */
function told(processor: Processor, options: ImageOptions, images: ImageGeometry, path: string): Partial<ImageOptions> {
  const isSized = options.size !== undefined || options.crop !== undefined;
  const isScaled = options.range !== undefined || options.mean !== undefined || options.std !== undefined;
  return {
    ...(isSized ? {} : sizes(processor, images)),
    ...(options.resample === undefined && processor.do_resize !== false ? filter(processor, path) : {}),
    ...(isScaled ? {} : values(processor)),
    ...(processor.do_flip_channel_order ? { order: "bgr" as const } : {}),
  };
}

function sizes(
  { do_resize, size, do_center_crop, crop_size }: Processor,
  images: ImageGeometry,
): Partial<ImageOptions> {
  const resized = do_resize === false || !size ? undefined : sidesOf(size, images);
  const cut = do_center_crop && crop_size ? sidesOf(crop_size, images) : undefined;
  return { ...(resized ? { size: resized } : {}), ...(cut ? { crop: cut } : {}) };
}

/** A single number, or the shortest edge, keeps the images' shape where they are resized. */
function sidesOf(size: NonNullable<Processor["size"]>, { height, width }: ImageGeometry): [number, number] | undefined {
  if (typeof size === "number") return [size, size];
  if (size.height && size.width) return [size.height, size.width];
  if (!size.shortest_edge) return undefined;
  const scale = size.shortest_edge / Math.min(height, width);
  return [Math.round(height * scale), Math.round(width * scale)];
}

function filter({ resample }: Processor, path: string): Partial<ImageOptions> {
  if (resample === undefined || resample === null) return {};
  const found = FILTERS[resample];
  if (found) return { resample: found };
  throw mismatch(
    `${path} resizes by Pillow's filter ${resample}`,
    resample,
    "Say which one comes near: teacher.resample: bilinear, or bicubic.",
  );
}

function values(processor: Processor): Partial<ImageOptions> {
  const { do_rescale, rescale_factor, rescale_offset, do_normalize, image_mean, image_std } = processor;
  const white = do_rescale === false ? 255 : 255 * (rescale_factor ?? 1 / 255);
  const offset = rescale_offset ? 1 : 0;
  const normalized =
    do_normalize === false
      ? {}
      : { ...(image_mean ? { mean: image_mean } : {}), ...(image_std ? { std: image_std } : {}) };
  return { range: [0 - offset, white - offset], ...normalized };
}
