import type { PushOptions } from "./push-options.js";

export interface ExportOptions {
  /** Folder to write. Default: `export` in the run folder. */
  readonly out?: string | undefined;
  /**
   * Of a run whose student learned beside others: the one to export in the student's place, such as `peer2` or `ema`, or `best`,
   * whose file makes the fewest test errors. Default: the student.
   */
  readonly peer?: string | undefined;
  /** Further forms of the student beside single precision, by name. Default: none. */
  readonly variants?: readonly string[] | undefined;
  /** A page on which the student answers in the browser. Default: where onnxruntime-web is installed. */
  readonly playground?: boolean | undefined;
  /** The student's license, as an SPDX identifier. Default: what the recipe's `card` says. */
  readonly license?: string | undefined;
  /** Replace an earlier export. Default false. */
  readonly force?: boolean | undefined;
  /** Also upload the folder to a model repository of the Hugging Face hub. */
  readonly push?: Omit<PushOptions, "signal"> | undefined;
  /** Ends the export between two files; then nothing is written. */
  readonly signal?: AbortSignal | undefined;
}
