import { z } from "zod";

/** A column's name; of tables without a first line of names, its number. */
export const columnName = z.union([z.string().min(1), z.int().positive().transform(String)]);

const windowOptions = z.strictObject({
  length: z.int().min(2).max(4096).meta({ description: "Rows of a window." }),
  step: z.int().positive().default(1).meta({ description: "Rows between the ends of two windows." }),
  group: columnName.meta({
    description:
      "The column that says what a row belongs to, such as a machine. No window has rows of two, and none that is tested was learned from.",
  }),
});

const remaining = z
  .strictObject({
    remaining: z
      .array(z.int().min(0))
      .min(1)
      .max(20)
      .refine((bounds) => bounds.every((bound, i) => i === 0 || bound > bounds[i - 1]!), "bounds must rise")
      .meta({ description: "Rising bounds: a class for at most the first, one up to the next, and one for more." }),
  })
  .meta({ description: "Of windows: how many rows of their group follow, where a group's last row is its end." });

/** What a recipe says of a table's columns. */
export const tableFields = {
  header: z.boolean().default(true).meta({
    description: "Whether the first line names the columns; otherwise they are called 1, 2 and so on.",
  }),
  columns: z.array(columnName).min(1).optional().meta({
    description: "Columns of numbers that models see, in this order. Default: all but the label's and the group's.",
  }),
  label: z.union([columnName, remaining]).meta({
    description: "The column that holds the class (of windows: in their last row), or bounds of what remains.",
  }),
  classes: z.array(z.string().min(1)).min(2).max(256).optional().meta({
    description: "What stands in that column, in order. Default: what the training file has, sorted.",
  }),
  rows: z.int().positive().optional().meta({
    description: "Only the first rows, of all files together. Of Parquet, no more is read or fetched.",
  }),
  window: windowOptions.optional().meta({ description: "Samples are windows of rows that follow on each other." }),
};

const fields = z.object(tableFields);

/** Which columns of a table are seen, and which is the label. */
export type TableOptions = Readonly<z.output<typeof fields>>;

export type WindowOptions = z.output<typeof windowOptions>;
