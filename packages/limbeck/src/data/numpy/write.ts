import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { toFileError } from "../../support/errors.js";
import { makeFolder } from "../../support/files.js";

/** A header has so many bytes, so that it can be written when the number of samples is known. */
const HEADER = 128;

/** Samples are written together in parts of so many bytes. */
const BUFFERED = 1 << 20;

/** Writes a .npy file of samples one after the other; it appears when all are there. */
export class NpyWriter {
  readonly #path: string;
  readonly #descr: string;
  readonly #shape: readonly number[];
  #file: FileHandle | undefined;
  #open: Uint8Array[] = [];
  #size = 0;

  /**
   * @param descr kind of number as NumPy writes it, such as "|u1" or "<f4"
   * @param shape of one sample
   */
  constructor(path: string, descr: string, shape: readonly number[]) {
    this.#path = path;
    this.#descr = descr;
    this.#shape = shape;
  }

  /** @throws LimbeckError FILE_UNWRITABLE, DISK_FULL */
  async push(sample: Uint8Array): Promise<void> {
    this.#open.push(sample.slice());
    this.#size += sample.length;
    if (this.#open.length * sample.length >= BUFFERED) await this.#flush();
  }

  /** @throws LimbeckError FILE_UNWRITABLE, DISK_FULL */
  async finish(count: number): Promise<void> {
    await this.#flush();
    await this.#writing(async (file) => {
      await file.write(headerOf(this.#descr, [count, ...this.#shape]), 0, HEADER, 0);
      await file.sync();
      await file.close();
      this.#file = undefined;
      await rename(this.#part, this.#path);
    });
  }

  /** Leaves nothing behind of a file that was not finished. */
  async discard(): Promise<void> {
    await this.#file?.close();
    await rm(this.#part, { force: true });
  }

  get #part(): string {
    return `${this.#path}.part`;
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#open);
    this.#open = [];
    const start = HEADER + this.#size - bytes.length;
    await this.#writing(async (file) => {
      for (let done = 0; done < bytes.length; ) {
        done += (await file.write(bytes, done, bytes.length - done, start + done)).bytesWritten;
      }
    });
  }

  async #writing(work: (file: FileHandle) => Promise<void>): Promise<void> {
    try {
      if (!this.#file) {
        makeFolder(dirname(this.#path));
        this.#file = await open(this.#part, "w");
      }
      await work(this.#file);
    } catch (error) {
      throw toFileError(error, this.#path);
    }
  }
}

/** NumPy's header of format 1, as long as {@link HEADER}. */
function headerOf(descr: string, shape: readonly number[]): Buffer {
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${list}), }`;
  const start = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(HEADER - 10)}\x00`, "latin1");
  return Buffer.concat([start, Buffer.from(`${fields.padEnd(HEADER - 11)}\n`)]);
}
