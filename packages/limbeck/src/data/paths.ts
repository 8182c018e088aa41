import { z } from "zod";

const path = z.string().min(1);

/** Paths or patterns of files or folders, one or several. */
export const paths = z.union([path, z.array(path).min(1)]);
