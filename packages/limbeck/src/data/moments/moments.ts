import { z } from "zod";
import { LimbeckError } from "../../support/errors.js";
import { readJson } from "../../support/json.js";

const perColumn = <Item extends z.ZodType>(item: Item) => z.array(item).min(1);

const schema = z
  .strictObject({
    /** Of this format. */
    version: z.literal(1),
    columns: perColumn(z.string()),
    /** Rows of a window; 1 where samples are single rows. */
    length: z.int().positive(),
    /** How many samples they were taken of. */
    samples: z.int().positive(),
    mean: perColumn(z.number()),
    std: perColumn(z.number().min(0)),
    /** Columns that hold few, whole numbers: nothing lies between those. */
    discrete: perColumn(z.boolean()),
    /** Rising shares of all values, at which quantiles were taken. */
    levels: z.array(z.number().gt(0).lt(1)).min(2),
    /** [columns, levels] */
    quantiles: perColumn(z.array(z.number())),
    /** [columns, columns], of normal scores: values in the place of which stands the normal number of their rank. */
    correlation: perColumn(z.array(z.number().min(-1).max(1))),
    /** [length, length], of the normal scores of one column at two times, averaged over columns. */
    timeCorrelation: z.array(z.array(z.number().min(-1).max(1))).min(1),
  })
  .superRefine((moments, context) => {
    const [columns, length] = [moments.columns.length, moments.length];
    const sizes: [keyof typeof moments, number, number?][] = [
      ["mean", columns],
      ["std", columns],
      ["discrete", columns],
      ["quantiles", columns, moments.levels.length],
      ["correlation", columns, columns],
      ["timeCorrelation", length, length],
    ];
    for (const [key, rows, across] of sizes) {
      const value = moments[key] as readonly unknown[];
      const fits = value.length === rows && (across === undefined || value.every((row) => lengthOf(row) === across));
      const message = `is not of ${[rows, across ?? []].flat().join(" × ")} numbers`;
      if (!fits) context.addIssue({ code: "custom", path: [key], message });
    }
    for (const key of ["levels", "quantiles"] as const) {
      const lists = key === "levels" ? [moments.levels] : moments.quantiles;
      if (!lists.every(isRising)) context.addIssue({ code: "custom", path: [key], message: "falls, and must rise" });
    }
  });

const lengthOf = (row: unknown) => (row as readonly unknown[]).length;

const isRising = (list: readonly number[]) => list.every((value, i) => i === 0 || value >= list[i - 1]!);

/**
 * What is known of a teacher's training data without any of its rows: of each column mean, standard deviation and quantiles,
 * and how columns, and times of a window, go together. Standard deviations are those of the samples (divided by n).
 */
export type Moments = Readonly<z.infer<typeof schema>>;

/** Reads stored moments. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, DATA_CORRUPT */
export function readMoments(path: string): Moments {
  const parsed = schema.safeParse(readJson(path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const message = `${path} does not hold moments: ${issue?.path.join(".") || "the whole"}: ${issue?.message}`;
  const fix = "Give a file that `limbeck moments`, or a run that trains a teacher on a table, has written.";
  throw new LimbeckError("DATA_CORRUPT", message, { value: issue?.path, where: path, fix });
}

/** Moments as a file holds them. */
export function momentsText(moments: Moments): string {
  const lines = Object.entries(moments).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

/** A column's standard deviation as a divisor: 1 where all values are equal. */
export function spreadsOf({ std }: Pick<Moments, "std">): number[] {
  return std.map((value) => (value > 0 ? value : 1));
}
