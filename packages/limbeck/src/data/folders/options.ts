import { z } from "zod";

const path = z.string().min(1);

/** Folders or patterns of files, one or several. */
export const places = z.union([path, z.array(path).min(1)]);
