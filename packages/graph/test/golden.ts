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

const files = import.meta.glob<readonly unknown[]>("./golden/*.json", { eager: true, import: "cases" });

/** Vectors that a generator beside this file made with PyTorch. */
export function readGolden<Case>(name: string): readonly Case[] {
  return files[`./golden/${name}.json`] as readonly Case[];
}
