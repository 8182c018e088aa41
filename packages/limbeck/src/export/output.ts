import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { z } from "zod";
import { LimbeckError, toFileError } from "../support/errors.js";
import { readText, writeFileAtomic } from "../support/files.js";
import { sha256 } from "../support/hash.js";

/** Lists what an export wrote: by it a later one knows what it may replace. */
export const MANIFEST = "limbeck.json";

const manifestSchema = z.looseObject({ files: z.record(z.string(), z.unknown()) });

/** Contents by paths with slashes, inside of the folder. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

/** Where an export will lie. */
export class Output {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * @param force whether an earlier export may be replaced; nothing else ever is
   * @throws LimbeckError FILE_EXISTS where the folder holds something, FILE_UNREADABLE
   */
  static at(path: string, force: boolean): Output {
    const output = new Output(resolve(path));
    output.#requireFree(force);
    return output;
  }

  #requireFree(force: boolean): void {
    const names = entriesOf(this.path);
    if (names.length === 0) return;
    const foreign = strangers(this.path, names);
    if (foreign === undefined)
      throw this.#taken("is not empty, and no export of ours", "Name another folder with --out.");
    if (foreign.length > 0) {
      const some = foreign.slice(0, 3).join(", ");
      throw this.#taken(`holds what no export wrote (${some})`, "Move that away, or name another folder with --out.");
    }
    if (!force)
      throw this.#taken("holds an export already", "Replace it with --force, or name another folder with --out.");
  }

  #taken(problem: string, fix: string): LimbeckError {
    return new LimbeckError("FILE_EXISTS", `${this.path} ${problem}`, { value: this.path, where: this.path, fix });
  }

  /**
   * Makes the folder whole or not at all: beside its place first, then renamed.
   * @param facts what the manifest says beside the files
   * @throws LimbeckError FILE_UNWRITABLE, DISK_FULL, FILE_EXISTS
   */
  write(files: Files, facts: object): void {
    const beside = (kind: string) =>
      join(dirname(this.path), `.${basename(this.path)}-${randomBytes(6).toString("hex")}.${kind}`);
    const [fresh, old] = [beside("new"), beside("old")];
    try {
      for (const [name, content] of files) writeFileAtomic(join(fresh, ...name.split("/")), content);
      writeFileAtomic(join(fresh, MANIFEST), manifestText(files, facts));
      const replaces = existsSync(this.path);
      if (replaces) renameSync(this.path, old);
      try {
        renameSync(fresh, this.path);
      } catch (error) {
        if (replaces) renameSync(old, this.path);
        throw error;
      }
      rmSync(old, { recursive: true, force: true });
    } catch (error) {
      throw toFileError(error, this.path);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
}

function manifestText(files: Files, facts: object): string {
  const list = [...files].map(([name, content]) => {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    return [name, { bytes: bytes.byteLength, sha256: sha256(bytes) }];
  });
  return `${JSON.stringify({ ...facts, files: Object.fromEntries(list) }, null, 2)}\n`;
}

/** Files of a folder and those below it; none where nothing is there. */
function entriesOf(path: string): string[] {
  try {
    if (!existsSync(path)) return [];
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR", syscall: "open" });
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
  } catch (error) {
    throw toFileError(error, path, true);
  }
}

/** Files that the folder's manifest does not list; undefined where it has none. */
function strangers(path: string, names: readonly string[]): string[] | undefined {
  if (!names.includes(MANIFEST)) return undefined;
  const parsed = manifestSchema.safeParse(parse(readText(join(path, MANIFEST))));
  if (!parsed.success) return undefined;
  const ours = new Set([MANIFEST, ...Object.keys(parsed.data.files)]);
  return names.filter((name) => !ours.has(name.split(sep).join("/")));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
