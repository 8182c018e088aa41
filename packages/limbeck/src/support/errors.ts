import { TypedError, type TypedErrorDetails } from "@limbeck/graph";

/** The codes of {@link LimbeckError}, each with its meaning. `docs/errors.md` lists them with what to do. */
export const ERROR_CODES = {
  DATA_CORRUPT:
    "Data are damaged: wrong magic number, cut short, values outside their range, images that cannot be decoded; or classes lack samples.",
  DATA_MISSING: "A data set is neither in a mirror folder, nor in the cache, nor could it be downloaded.",
  DATA_TOO_SMALL: "A split asks for more samples than there are.",
  DISK_FULL: "The disk is full.",
  DIVERGED: "A loss became NaN or infinite, or exploded.",
  DOWNLOAD_FAILED: "A file that a recipe names by its address could not be downloaded.",
  FEATURE_MISMATCH: "A loss cannot compare the features that it was given.",
  FILE_EXISTS: "A file or folder that would be written exists already.",
  FILE_MISSING: "A file that was named does not exist.",
  FILE_UNREADABLE: "A file exists, but cannot be read or does not hold what it should.",
  FILE_UNWRITABLE: "A file or folder cannot be written.",
  HASH_MISMATCH: "A file's sha256 is not the one that was expected.",
  MODEL_FAILED: "ONNX Runtime cannot load or run a model, or what it answers are not finite numbers.",
  MODEL_MISMATCH:
    "A model does not take the samples, cannot be cut or trained as the recipe says, has no weights for a student, or does not answer with the data's classes.",
  OPTION_INVALID: "An option of the command line does not fit what it is used on.",
  PUSH_FAILED: "The hub refused an upload, or could not be reached.",
  RECIPE_INVALID: "A recipe does not say what a recipe must say.",
  RECIPE_SYNTAX: "A recipe is not valid YAML.",
  RUN_BUSY: "Another process is working in the run folder.",
  RUN_INVALID: "A run folder cannot be resumed or read.",
  SEARCH_EMPTY: "No student that a search may choose from keeps its limits.",
  TAP_UNKNOWN: "A recipe names a tap that the model does not have, or that several of its values fit.",
  TEACHER_FAILED: "A teacher that is asked from outside did not answer, or not with what it should.",
  TEACHER_MISMATCH:
    "A teacher's file does not take the images, does not answer with the data's classes, or passes no gradient on to them.",
  WORKER_DIED: "The training process ended unexpectedly.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Something that the user can put right: never shown with a stack trace. */
export class LimbeckError extends TypedError {
  override readonly name = "LimbeckError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, details: TypedErrorDetails = {}) {
    super(message, details);
    this.code = code;
  }
}

/** A typed error as plain data, as it travels between processes and into `--json` output. */
export interface ErrorRecord {
  readonly code: string;
  readonly message: string;
  readonly where?: string;
  readonly value?: unknown;
  readonly fix?: string;
}

export function toErrorRecord(error: TypedError): ErrorRecord {
  return {
    code: error.code,
    message: error.message,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.value === undefined ? {} : { value: error.value }),
    ...(error.fix === undefined ? {} : { fix: error.fix }),
  };
}

const FILE_ERRORS: Readonly<Record<string, readonly [ErrorCode, string, string]>> = {
  ENOENT: ["FILE_MISSING", "does not exist", "Check the path."],
  ENOTDIR: ["FILE_MISSING", "has a part that is not a folder", "Check the path."],
  EISDIR: ["FILE_UNREADABLE", "is a folder, not a file", "Name a file."],
  EEXIST: ["FILE_EXISTS", "exists already", "Choose another path."],
  ENOTEMPTY: ["FILE_EXISTS", "is not empty", "Choose another path."],
  EACCES: ["FILE_UNWRITABLE", "is not permitted", "Change its permissions, or choose another path."],
  EPERM: ["FILE_UNWRITABLE", "is not permitted", "Change its permissions, or choose another path."],
  EROFS: ["FILE_UNWRITABLE", "is on a read-only file system", "Choose a path that can be written."],
  ENOSPC: ["DISK_FULL", "does not fit: the disk is full", "Free some space, then resume the run."],
  EDQUOT: ["DISK_FULL", "does not fit: the disk quota is used up", "Free some space, then resume the run."],
};

/**
 * Turns a file system failure into a typed error; anything else is returned as it is.
 * @param reading whether the file was to be read: what is not permitted is then unreadable, not unwritable
 */
export function toFileError(error: unknown, path: string, reading = false): unknown {
  const { code: errno, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (errno === undefined || syscall === undefined || !/^E[A-Z]+$/.test(errno)) return error;
  const known = FILE_ERRORS[errno] ?? ["FILE_UNREADABLE", `cannot be used (${errno})`, "Choose another path."];
  const [usual, problem, fix] = known;
  const code = reading && usual === "FILE_UNWRITABLE" ? "FILE_UNREADABLE" : usual;
  return new LimbeckError(code, `${path} ${problem}`, { value: path, where: path, fix, cause: error });
}
