import { z } from "zod";

const one = z.string().min(1);

/** What a recipe says of files of any kind, of which models see the first and last bytes. */
export const fileFields = {
  files: z.union([one, z.array(one).min(1)]).meta({
    description:
      "Folders, with all below them, or single files; links are not followed. Their labels are the teacher's answers.",
  }),
  most: z.int().min(2).max(1_000_000).default(20_000).meta({ description: "Files at most, drawn from all." }),
  perKind: z.int().positive().default(500).meta({
    description: "Files of one extension at most, so that common kinds do not crowd out the others.",
  }),
  first: z.int().min(0).max(65_536).default(1024).meta({ description: "Bytes from the beginning." }),
  last: z.int().min(0).max(65_536).default(1024).meta({ description: "Bytes from the end, after those." }),
  trim: z.boolean().default(true).meta({
    description: "Whether white space at the beginning and at the end is left out first.",
  }),
  classes: z.array(one).min(2).max(256).optional().meta({
    description: "Names of the teacher's classes, in order. Default: their numbers.",
  }),
};

const fields = z.object(fileFields);

/** Which files are read, and which of their bytes. */
export type FileOptions = Readonly<z.output<typeof fields>>;
