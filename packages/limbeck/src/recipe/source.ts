import { z } from "zod";
import { audioFields, unfitAudio } from "../data/audio/options.js";
import { fileFields } from "../data/files/options.js";
import { folderFields } from "../data/images/options.js";
import { iterableFields } from "../data/iterable/options.js";
import { NAMED_DATASETS } from "../data/named/index.js";
import { imageArrayFields, rowArrayFields } from "../data/numpy/options.js";
import { paths } from "../data/paths.js";
import { recordFields } from "../data/records/options.js";
import { tableFields } from "../data/table/options.js";
import { textFields } from "../data/texts/options.js";

const idxPair = z.strictObject({
  images: z.string().min(1).meta({ description: "idx file of unsigned bytes [N, height, width], plain or gzip." }),
  labels: z.string().min(1).meta({ description: "idx file of unsigned bytes [N], plain or gzip." }),
});

const table = z
  .strictObject({
    table: paths.meta({
      description:
        "Rows of numbers with a class each: text (CSV, TSV, spaces), JSON Lines (.jsonl) or Parquet; files, patterns or an address.",
    }),
    testTable: paths.optional().meta({ description: "Rows for testing. Default: some of the table's." }),
    ...tableFields,
  })
  .superRefine(({ label, classes, window }, context) => {
    if (typeof label === "string") return;
    const path = ["label", "remaining"];
    const count = label.remaining.length + 1;
    if (!window) context.addIssue({ code: "custom", path, message: "what remains is known of windows; add window" });
    if (classes && classes.length !== count) {
      const message = `these bounds make ${count} classes, and there are ${classes.length} names`;
      context.addIssue({ code: "custom", path: ["classes"], message });
    }
  })
  .meta({ description: "Rows of tables, or windows of them." });

const files = z
  .strictObject(fileFields)
  .meta({ description: "Files of any kind, of which models see bytes; the teacher's answers are their labels." });

const folder = z.strictObject(folderFields).meta({ description: "Folders of images, one for each class." });

const records = z.strictObject(recordFields).meta({ description: "Tables that name images, or hold them." });
const audio = z
  .strictObject(audioFields)
  .superRefine((options, context) => {
    for (const [option, message] of unfitAudio(options)) context.addIssue({ code: "custom", path: [option], message });
  })
  .meta({ description: "Folders of WAV files, one for each class." });

const texts = z.strictObject(textFields).meta({ description: "Texts in tables, of which models see bytes." });

const iterable = z.strictObject(iterableFields).meta({ description: "Samples that a program gives." });

const imageArrays = z.strictObject(imageArrayFields).meta({ description: "Images and labels in files of NumPy." });

const rowArrays = z.strictObject(rowArrayFields).meta({ description: "Rows of numbers and labels in files of NumPy." });

/** Where a recipe's samples come from. */
export const source = z
  .union([
    z.enum(Object.keys(NAMED_DATASETS) as [keyof typeof NAMED_DATASETS, ...(keyof typeof NAMED_DATASETS)[]]),
    z.strictObject({
      train: idxPair,
      test: idxPair.optional(),
      classes: z.array(z.string().min(1)).min(2).optional().meta({ description: "Names of the classes, in order." }),
    }),
    table,
    files,
    folder,
    records,
    audio,
    texts,
    imageArrays,
    rowArrays,
    iterable,
  ])
  .meta({
    description:
      "A named data set; or by path (relative to the recipe): idx files, NumPy's, tables of numbers, images or texts, folders of images or of WAV files, files of any kind.",
  });

/** A source whose samples are rows of tables. */
export type TableSource = z.output<typeof table>;

/** A source whose samples are bytes of files, which nobody has labelled. */
export type FileSource = z.output<typeof files>;

/** A source of image files, in a folder for each class. */
export type FolderSource = z.output<typeof folder>;

/** A source of tables that name or hold images. */
export type RecordsSource = z.output<typeof records>;

/** A source of samples that a program gives. */
export type IterableSource = z.output<typeof iterable>;

/** A source of WAV files, in a folder for each class. */
export type AudioSource = z.output<typeof audio>;

/** A source of tables that hold texts. */
export type TextSource = z.output<typeof texts>;

/** A source of images in NumPy's files. */
export type ImageArraySource = z.output<typeof imageArrays>;

/** A source of rows in NumPy's files. */
export type RowArraySource = z.output<typeof rowArrays>;

/** Whether something that a recipe says is a mapping with this key. */
export function has(given: unknown, key: string): boolean {
  return typeof given === "object" && given !== null && key in given;
}

/** Whether a source is images in NumPy's files. */
export function isImageArrays(given: unknown): given is ImageArraySource {
  return has(given, "images");
}

/** Whether a source is rows in NumPy's files. */
export function isRowArrays(given: unknown): given is RowArraySource {
  return has(given, "rows");
}

/** Whether a source is image files in a folder for each class. */
export function isFolder(given: unknown): given is FolderSource {
  return has(given, "folder");
}

/** Whether a source is tables that name or hold images. */
export function isRecords(given: unknown): given is RecordsSource {
  return has(given, "records");
}

/** Whether a source's samples are given by a program. */
export function isIterable(given: unknown): given is IterableSource {
  return has(given, "iterable");
}

/** Whether a source's images are decoded, and brought to one size. */
export function isDecoded(given: unknown): given is FolderSource | RecordsSource {
  return isFolder(given) || isRecords(given);
}

/** Whether a source is WAV files in a folder for each class. */
export function isAudio(given: unknown): given is AudioSource {
  return has(given, "audio");
}

/** Whether a source is tables that hold texts. */
export function isTexts(given: unknown): given is TextSource {
  return has(given, "texts");
}

/** Whether a source's samples are bytes of files. */
export function isFiles(given: unknown): given is FileSource {
  return has(given, "files");
}

/** Whether a source's samples are rows, or windows of them, which networks standardize. */
export function isOfNumbers(given: unknown): boolean {
  return isTable(given) || isRowArrays(given) || (isIterable(given) && !given.shape);
}

/** Whether a source is rows of tables, or windows of them. */
export function isTable(given: unknown): given is TableSource {
  return has(given, "table");
}

/** What names a source's tables, by path, pattern or address, and under which of its options; nothing of other sources. */
export function tablesOf(given: unknown): readonly (readonly [key: string, names: readonly string[]])[] {
  const source = given as Readonly<Record<string, string | readonly string[] | undefined>>;
  return tableKeys(given).flatMap((key) => {
    const names = source[key];
    return names === undefined ? [] : [[key, [names].flat()] as const];
  });
}

function tableKeys(given: unknown): readonly string[] {
  if (isTable(given)) return ["table", "testTable"];
  if (isTexts(given)) return ["texts", "test", "unlabelled"];
  return isRecords(given) ? ["records", "test"] : [];
}
