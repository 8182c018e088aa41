import { basename } from "node:path";
import type { ImageDataset } from "../data/dataset.js";
import { loadBareFolders } from "../data/folders/load.js";
import { shortPlaces } from "../data/folders/places.js";
import type { FilesListener } from "../data/folders/reader.js";
import { loadImageArrays, loadRowArrays } from "../data/numpy/load.js";
import { isAudio, isFiles, isFolder, isImageArrays, isRowArrays } from "../recipe/source.js";
import { countDimensions } from "../teachers/onnx/embedder.js";
import { kindsOf } from "./kinds.js";
import {
  type DataRecipe,
  foldersOf,
  type LoadedSource,
  loadBareFiles,
  loadSource,
  requireSameSize,
} from "./sources.js";

/**
 * Loads what a recipe names as its source without classes: what it knows of them is left out, and models answer with as many
 * numbers as the recipe asks for, or its teacher's embedding has.
 * @throws LimbeckError as `loadSource` does, and TEACHER_MISMATCH
 */
export async function loadClassless(
  recipe: DataRecipe,
  signal: AbortSignal,
  listener: FilesListener,
): Promise<LoadedSource> {
  const { train, test, source } = await loadBare(recipe, signal, listener);
  const embedding = await widthOf(recipe, train);
  const bare = (dataset: ImageDataset): ImageDataset => {
    const kinds = kindsOf(dataset);
    const facts = { ...(kinds ? { kinds } : {}), ...(embedding === undefined ? {} : { embedding }) };
    return { ...dataset, classes: [], labels: new Uint8Array(dataset.size), ...facts };
  };
  return { train: bare(train), test: test && bare(test), source };
}

async function loadBare(recipe: DataRecipe, signal: AbortSignal, listener: FilesListener): Promise<LoadedSource> {
  const { source, memory } = recipe.data;
  if (isFolder(source) || isAudio(source)) {
    const { choice, medium, reading } = foldersOf(source, memory, signal, listener);
    return { ...(await loadBareFolders(choice, medium, reading)), source: shortPlaces(choice.folder) };
  }
  if (isFiles(source)) return loadBareFiles(source, signal);
  if (isImageArrays(source)) {
    const { images, labels, layout, classes, test } = source;
    const options = { layout, classes, memory };
    const train = loadImageArrays({ ...options, images, labels });
    return ofOneSize(train, test && loadImageArrays({ ...options, ...test }), images);
  }
  if (isRowArrays(source)) {
    const { rows, labels, classes, test } = source;
    const train = loadRowArrays({ rows, labels, classes, memory });
    return ofOneSize(train, test && loadRowArrays({ ...test, classes, memory }), rows);
  }
  return loadSource(recipe, signal, listener);
}

function ofOneSize(train: ImageDataset, test: ImageDataset | undefined, path: string): LoadedSource {
  if (test) requireSameSize(train, test);
  return { train, test, source: basename(path) };
}

/** Nothing where no model is to be built: who only asks models names no teacher. */
async function widthOf({ task, teacher }: DataRecipe, samples: ImageDataset): Promise<number | undefined> {
  if (typeof task?.dimensions === "number") return task.dimensions;
  return teacher && "onnx" in teacher ? countDimensions(teacher, samples) : undefined;
}
