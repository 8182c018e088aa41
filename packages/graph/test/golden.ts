import { readFileSync } from "node:fs";
import type { Attributes, DType } from "../src/index.js";

export interface GoldenInput {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly constant: boolean;
  readonly gradient: readonly number[] | null;
}

export interface GoldenCase {
  readonly name: string;
  readonly op: string;
  readonly attributes: Attributes;
  readonly inputs: readonly (GoldenInput | null)[];
  readonly outputs: readonly {
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly data: readonly number[];
    readonly cotangent: readonly number[] | null;
  }[];
}

/** Reads vectors that a generator beside this file made with PyTorch. */
export function readGolden<Case>(name: string): readonly Case[] {
  const text = readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf8");
  return JSON.parse(text).cases;
}
