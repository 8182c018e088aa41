import type { InitialValues } from "../models/initial.js";

/** First values of the rows of a memory: random directions, of length 1 on average. @param width numbers of a row */
export function randomDirections(width: number): InitialValues {
  return { kind: "uniform", bound: Math.sqrt(3 / width) };
}
