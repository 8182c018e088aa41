import type { z } from "zod";

/** Schema of a record's options: a strict object, so that a recipe can add the record's name to it. */
export type OptionsSchema<Options> = z.ZodObject & z.ZodType<Options>;
