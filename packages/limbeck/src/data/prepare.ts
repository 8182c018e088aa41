import { LimbeckError } from "../support/errors.js";
import type { OptionsSchema } from "../support/options.js";

/** Something that a recipe names, with options. */
interface NamedRecord<Options, Prepared> {
  readonly options: OptionsSchema<Options>;
  prepare(options: Options): Prepared;
}

/**
 * Prepares the record of a name, with options as they stand in a recipe.
 * @param kind what the records are, for messages
 * @throws LimbeckError RECIPE_INVALID where there is no such record or its options are wrong.
 */
export function prepareRecord<Options, Prepared>(
  kind: string,
  records: Readonly<Record<string, NamedRecord<Options, Prepared>>>,
  name: string,
  options: unknown,
): Prepared {
  const record = Object.hasOwn(records, name) ? records[name] : undefined;
  if (!record) {
    const fix = `Use one of: ${Object.keys(records).join(", ")}.`;
    throw new LimbeckError("RECIPE_INVALID", `There is no ${kind} ${name}`, { value: name, fix });
  }
  const parsed = record.options.safeParse(options);
  if (parsed.success) return record.prepare(parsed.data);
  const [issue] = parsed.error.issues;
  const where = [name, ...(issue?.path ?? [])].join(".");
  const message = `The options of ${name} are wrong: ${issue?.message}`;
  throw new LimbeckError("RECIPE_INVALID", message, { value: options, where, fix: `Correct ${where}.` });
}
