import { z } from "zod";
import { shapeFields } from "../images/options.js";
import { paths } from "../paths.js";

const path = z.string().min(1);

/** What a recipe says of tables of images. */
export const recordFields = {
  records: paths.meta({
    description:
      "Tables with a row for each image: CSV, TSV, JSON Lines (.jsonl) or Parquet; files, patterns or an address.",
  }),
  test: paths.optional().meta({ description: "Such tables, of the same classes, for testing." }),
  image: z.string().min(1).default("image").meta({
    description: "The column that names image files; of Parquet, it may hold their bytes.",
  }),
  label: z.string().min(1).default("label").meta({ description: "The column that holds the class." }),
  root: path.optional().meta({
    description: "The folder that image files are named from, and do not leave. Default: that of the table.",
  }),
  rows: z.int().positive().optional().meta({
    description: "Only the first rows of records, and of test. Of Parquet, no more is read or fetched.",
  }),
  classes: z.array(z.string().min(1)).min(2).max(256).optional().meta({
    description:
      "What stands in the label's column, in order. Default: as the file says, or what records have, sorted.",
  }),
  ...shapeFields,
};

const fields = z.object(recordFields).omit({ records: true, test: true });

/** How tables of images are read. */
export type RecordOptions = Readonly<z.output<typeof fields>>;
