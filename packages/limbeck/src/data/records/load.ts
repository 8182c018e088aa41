import type { NamedFile } from "../data-file.js";
import { type ImageDataset, sampleLength } from "../dataset.js";
import { type EncodedFile, FileReader, type FilesListener } from "../folders/reader.js";
import { imageFiles } from "../images/medium.js";
import { textOf } from "../table/cells.js";
import { Labelling } from "../table/classes.js";
import { requireColumns } from "../table/columns.js";
import { corrupt, type OpenTable } from "../table/formats/format.js";
import { formatOf } from "../table/formats/index.js";
import { imageOf, rootOf } from "./image.js";
import type { RecordOptions } from "./options.js";

/** Images to learn from, and others to test by. */
export interface LoadedRecords {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
}

/** So many images are decoded before the next row is read, where a table holds images. */
const BATCH = 256;

/**
 * Decodes the images that rows of tables name or hold into memory.
 * @throws LimbeckError FILE_UNREADABLE; DATA_CORRUPT with file, row and column where a cell is no image or no class, where a
 *   table is damaged, or images cannot be decoded and none may be left out; RECIPE_INVALID where a table has no such column, or
 *   all images would take more than 2 GB; the signal's reason
 */
export async function loadRecords(
  files: readonly NamedFile[],
  tested: readonly NamedFile[] | undefined,
  options: RecordOptions,
  signal: AbortSignal,
  listener: FilesListener = {},
): Promise<LoadedRecords> {
  const learned = await openRecords(files, options, signal);
  const others = tested && (await openRecords(tested, options, signal));
  const counted = { files: learned.count + (others?.count ?? 0), ignored: 0 };
  const reader = new FileReader(imageFiles(options), counted, { corrupt: options.corrupt, signal, listener });
  const train = await decodeAll(reader, learned, options.classes ?? learned.classNames, options);
  const test = others && (await decodeAll(reader, others, train.classes, options));
  reader.finish();
  return { train, ...(test ? { test } : {}) };
}

interface Entry {
  readonly image: EncodedFile;
  readonly label: string;
  readonly where: string;
}

interface Records {
  readonly name: string;
  readonly count: number;
  /** What the first table says of its label's integers. */
  readonly classNames: readonly string[] | undefined;
  readonly entries: AsyncIterable<readonly Entry[]> | Iterable<readonly Entry[]>;
}

/** Opens tables; those that do not say how many rows they have are read first, as they hold no more than names. */
async function openRecords(files: readonly NamedFile[], options: RecordOptions, signal: AbortSignal): Promise<Records> {
  const most = options.rows ?? Number.POSITIVE_INFINITY;
  const tables: OpenTable[] = [];
  let count = 0;
  for (const file of files) {
    if (count >= most) break;
    const table = await formatOf(file.name).open(await file.open(), { header: true });
    requireColumns(table, [options.image], "image");
    requireColumns(table, [options.label], "label");
    tables.push(table);
    count += table.size ?? 0;
  }
  const name = files.map((file) => file.name).join(", ");
  const facts = { name, classNames: tables[0]!.classNames.get(options.label) };
  const entries = entriesOf(tables, options, most, signal);
  if (tables.every(({ size }) => size !== undefined)) return { ...facts, count: Math.min(most, count), entries };
  const known: Entry[] = [];
  for await (const batch of entries) known.push(...batch);
  return { ...facts, count: known.length, entries: [known] };
}

async function* entriesOf(
  tables: readonly OpenTable[],
  { image, label, root }: RecordOptions,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  let left = most;
  for (const table of tables) {
    if (left <= 0) return;
    const folder = rootOf(table.name, root);
    for await (const rows of table.rows([image, label], left)) {
      signal.throwIfAborted();
      yield rows.map(({ at, cells: [picture, name] }) => {
        const where = table.placeOf(at);
        return {
          where,
          image: imageOf(picture, { where, column: image, root: folder }),
          label: textOf(name, table.classNames.get(label), where, label),
        };
      });
      left -= rows.length;
    }
  }
}

async function decodeAll(
  reader: FileReader,
  { name, count, entries }: Records,
  known: readonly string[] | undefined,
  { label: column, ...options }: RecordOptions,
): Promise<ImageDataset> {
  const { facts, allocate } = imageFiles(options);
  const length = sampleLength(facts);
  const pixels = allocate(count * length);
  const labelling = new Labelling(known);
  let size = 0;
  for await (const all of entries) {
    for (let first = 0; first < all.length; first += BATCH) {
      const batch = all.slice(first, first + BATCH);
      const decoded = await reader.read(batch.map(({ image }) => image));
      for (const i of decoded.origins) labelling.push(batch[i]!.label, batch[i]!.where, column);
      // This reader was given no folder: what it has decoded is in memory.
      pixels.set(decoded.pixels as Uint8Array, size * length);
      size += decoded.origins.length;
    }
  }
  if (count === 0) throw corrupt(name, "holds no rows");
  // Where nothing may be left out, all that is corrupt is told before what is missing because of it.
  if (!reader.mayLeaveOut) reader.finish();
  const { classes, labels } = labelling.finish(name);
  return { name, size, ...facts, classes, pixels: pixels.subarray(0, size * length), labels };
}
