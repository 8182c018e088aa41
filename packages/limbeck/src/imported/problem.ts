import { LimbeckError } from "../support/errors.js";

/**
 * Why a file cannot be trained.
 * @param key which option of the recipe it is about
 */
export function unfit(key: string, message: string, value: unknown, fix: string): LimbeckError {
  return new LimbeckError("MODEL_MISMATCH", message, { where: key, value, fix });
}
