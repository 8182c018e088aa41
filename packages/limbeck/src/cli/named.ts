import { LimbeckError } from "../support/errors.js";
import { nearestWord } from "../support/nearest.js";

/**
 * The record that a command names.
 * @param kind what it is a name of
 * @param others names that are known beside the records'
 * @throws LimbeckError OPTION_INVALID, with the nearest name
 */
export function recordNamed<Named extends { readonly name: string }>(
  kind: string,
  records: readonly Named[],
  name: string,
  others: readonly string[] = [],
): Named {
  const found = records.find((record) => record.name === name.toLowerCase());
  if (found) return found;
  const names = [...records.map((record) => record.name), ...others];
  const nearest = nearestWord(name, names);
  throw new LimbeckError("OPTION_INVALID", `there is no ${kind} ${name}`, {
    value: name,
    fix: nearest === undefined ? `Name one of ${names.join(", ")}.` : `Did you mean ${nearest}?`,
  });
}
