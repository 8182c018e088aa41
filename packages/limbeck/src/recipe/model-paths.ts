import { dirname, resolve } from "node:path";
import { TEACHER_DONOR } from "../imported/initial-options.js";
import type { Path, RecipeLayers } from "./layers.js";
import type { Recipe } from "./schema.js";

/** Makes paths of files whole: those of teachers, and of what is trained. */
export function withWholeModels(layers: RecipeLayers, recipe: Recipe): Recipe {
  const all = <Part extends object>(parts: readonly Part[], path: Path) =>
    parts.map((part, i) => withWholeFiles(layers, part, [...path, i]));
  const student = withWholeDonor(layers, withWholeFiles(layers, recipe.student, ["student"]));
  const learners = { ...recipe, student, assistants: all(recipe.assistants, ["assistants"]) };
  const { teacher } = recipe;
  if (!teacher) return learners;
  const found = () => {
    if ("ensemble" in teacher) return { ...teacher, ensemble: all(teacher.ensemble, ["teacher", "ensemble"]) };
    if ("specialists" in teacher) {
      return { ...teacher, specialists: all(teacher.specialists, ["teacher", "specialists"]) };
    }
    return withWholeFiles(layers, teacher, ["teacher"]);
  };
  return { ...learners, teacher: found() };
}

/** A section's own file, and that of its model. */
function withWholeFiles<Section extends object>(layers: RecipeLayers, section: Section, path: Path): Section {
  const changes: Record<string, unknown> = {};
  if ("onnx" in section) changes.onnx = wholePath(layers, [...path, "onnx"], String(section.onnx));
  if ("model" in section) changes.model = withWholeFiles(layers, section.model as object, [...path, "model"]);
  const labels = classLabels(section);
  if (labels !== undefined) {
    const { classes } = section as { classes: object };
    changes.classes = { ...classes, labels: wholePath(layers, [...path, "classes", "labels"], labels) };
  }
  return Object.assign({}, section, changes);
}

function classLabels(section: { classes?: unknown }): string | undefined {
  const { classes } = section;
  return typeof classes === "object" && classes !== null && "labels" in classes ? String(classes.labels) : undefined;
}

function withWholeDonor(layers: RecipeLayers, student: Recipe["student"]): Recipe["student"] {
  const { initial } = student;
  if (!initial || initial.from === TEACHER_DONOR) return student;
  const from = wholePath(layers, ["student", "initial", "from"], initial.from);
  return { ...student, initial: { ...initial, from } };
}

function wholePath(layers: RecipeLayers, place: Path, path: string): string {
  return resolve(dirname(layers.placeOf(place).file), path);
}
