import { z } from "zod";

const name = z.union([z.string().min(1), z.int().positive().transform(String)]);

/** What a recipe says of a table's columns. */
export const tableFields = {
  header: z.boolean().default(true).meta({
    description: "Whether the first line names the columns; otherwise they are called 1, 2 and so on.",
  }),
  columns: z.array(name).min(1).optional().meta({
    description: "Columns of numbers that models see, in this order. Default: all but the label's.",
  }),
  label: name.meta({ description: "The column that holds the class." }),
  classes: z.array(z.string().min(1)).min(2).max(256).optional().meta({
    description: "What stands in that column, in order. Default: what the training file has, sorted.",
  }),
};

const fields = z.object(tableFields);

/** Which columns of a table are seen, and which is the label. */
export type TableOptions = Readonly<z.output<typeof fields>>;
