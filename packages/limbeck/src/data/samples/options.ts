import { z } from "zod";

/** So many bytes of samples are kept in memory, unless a recipe says otherwise. */
export const DEFAULT_MEMORY = 2_000_000_000;

const UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9 };

/** A number of bytes: 500000000, "500MB", "1.5 GB". */
const bytes = z.union([
  z.int().positive(),
  z
    .string()
    .regex(/^\d+(\.\d+)? ?(KB|MB|GB)$/, "write it as 500MB or 1.5GB")
    .transform((text) => Math.round(Number.parseFloat(text) * UNITS[text.slice(-2)]!)),
]);

/** What a recipe says of the memory for its samples. */
export const memoryOption = bytes
  .refine((count) => count <= DEFAULT_MEMORY, "at most 2GB; more stays on disk")
  .optional()
  .meta({
    description:
      "Images of folders, and arrays of NumPy, that take more than this stay on disk and are read as they are needed: 500MB, 1.5GB or bytes. At most, and by default, 2GB.",
  });
