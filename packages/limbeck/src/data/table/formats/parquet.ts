import type { TableFormat } from "./format.js";

/** Apache Parquet. What reads it is loaded when a file is opened: it would take a tenth of the time in which a command starts. */
export const parquet: TableFormat = {
  name: "Parquet",
  extensions: [".parquet"],
  open: async (file) => (await import("./parquet-file.js")).openParquet(file),
};
