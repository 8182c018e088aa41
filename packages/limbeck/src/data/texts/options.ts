import { z } from "zod";
import { paths } from "../paths.js";
import { columnName } from "../table/options.js";

/** What a recipe says of texts. */
export const textFields = {
  texts: paths.meta({
    description:
      "Tables with a text in each row, and its class: CSV, TSV, JSON Lines (.jsonl), Parquet, or lines of .txt between tabs; files, patterns or an address.",
  }),
  test: paths.optional().meta({ description: "Such tables, of the same classes, for testing." }),
  unlabelled: paths.optional().meta({
    description:
      "Such tables without classes, or .txt files with a text in each line, for students to learn from: the teacher says what they are.",
  }),
  text: columnName.default("text").meta({ description: "The column that holds the text." }),
  label: columnName.default("label").meta({ description: "The column that holds the class." }),
  header: z.boolean().default(true).meta({
    description: "Of CSV and TSV: whether the first line names the columns; otherwise they are called 1, 2 and so on.",
  }),
  quotes: z.boolean().default(true).meta({
    description:
      "Of CSV and TSV: whether cells may stand in quotation marks. If not, these are text, and a row ends with its line.",
  }),
  rows: z.int().positive().optional().meta({
    description: "Only the first rows of texts, of test and of unlabelled. Of Parquet, no more is read or fetched.",
  }),
  classes: z.array(z.string().min(1)).min(2).max(256).optional().meta({
    description: "What stands in the label's column, in order. Default: as the file says, or what texts have, sorted.",
  }),
  bytes: z.int().min(8).max(16384).default(256).meta({
    description: "Bytes of a text that models see, in UTF-8: a letter of English is one. Longer texts are cut off.",
  }),
  lowercase: z.boolean().default(true).meta({ description: "Whether capitals count as small letters." }),
  empty: z.enum(["fail", "skip"]).default("fail").meta({ description: "What becomes of rows without a text." }),
};

const fields = z.object(textFields).omit({ texts: true, test: true, unlabelled: true });

/** How tables of texts are read. */
export type TextOptions = Readonly<z.output<typeof fields>>;
