import { TEACHER_DONOR } from "../imported/initial-options.js";
import type { Path } from "./layers.js";

/** A file that a recipe names. */
export interface NamedFile {
  readonly kind: "network" | "labels";
  /** A path or an address. */
  readonly file: string;
  /** Keys down to where it stands. */
  readonly path: Path;
  readonly sha256: string | undefined;
}

/** What of a recipe names files. */
export interface NamesFiles {
  readonly teacher?: object | undefined;
  readonly assistants: readonly object[];
  readonly student: { readonly initial?: Initial | undefined };
}

type Initial = { readonly from: string; readonly sha256?: string | undefined };

/** Changes how a recipe names files: those of teachers, of what is trained, and of donors. */
export function mapFiles<Recipe extends NamesFiles>(recipe: Recipe, change: (file: NamedFile) => string): Recipe {
  const all = <Part extends object>(parts: readonly Part[], path: Path) =>
    parts.map((part, i) => mapSection(part, [...path, i], change));
  const { teacher } = recipe;
  const many = (key: string) => {
    const members = (teacher as Readonly<Record<string, readonly object[]>>)[key]!;
    return { ...teacher, [key]: all(members, ["teacher", key]) };
  };
  const several = ["ensemble", "specialists"].find((key) => teacher && key in teacher);
  return Object.assign({}, recipe, {
    student: mapDonor(mapSection(recipe.student, ["student"], change), change),
    assistants: all(recipe.assistants, ["assistants"]),
    ...(teacher ? { teacher: several ? many(several) : mapSection(teacher, ["teacher"], change) } : {}),
  });
}

/** All files that a recipe names. */
export function filesOf(recipe: NamesFiles): NamedFile[] {
  const found: NamedFile[] = [];
  mapFiles(recipe, (named) => {
    found.push(named);
    return named.file;
  });
  return found;
}

interface Section {
  readonly onnx?: string;
  readonly sha256?: string | undefined;
  readonly model?: object;
  readonly classes?: unknown;
}

/** A section's own file, its labels, and the file of its model. */
function mapSection<Part extends object>(part: Part, path: Path, change: (file: NamedFile) => string): Part {
  const { onnx, sha256, model, classes } = part as Section;
  const changes: Record<string, unknown> = {};
  if (onnx !== undefined) changes.onnx = change({ kind: "network", file: onnx, path: [...path, "onnx"], sha256 });
  if (model !== undefined) changes.model = mapSection(model, [...path, "model"], change);
  const { labels } = (classes ?? {}) as { labels?: string };
  if (labels !== undefined) {
    const file = change({ kind: "labels", file: labels, path: [...path, "classes", "labels"], sha256: undefined });
    changes.classes = { ...(classes as object), labels: file };
  }
  return Object.assign({}, part, changes);
}

function mapDonor(student: NamesFiles["student"], change: (file: NamedFile) => string): NamesFiles["student"] {
  const { initial } = student;
  if (!initial || initial.from === TEACHER_DONOR) return student;
  const { from: file, sha256 } = initial;
  const from = change({ kind: "network", file, path: ["student", "initial", "from"], sha256 });
  return { ...student, initial: { ...initial, from } };
}
