import { basename } from "node:path";
import type { ImageDataset } from "../data/dataset.js";
import { loadBareFolders } from "../data/folders/load.js";
import { shortPlaces } from "../data/folders/places.js";
import type { FilesListener } from "../data/folders/reader.js";
import { loadImageArrays, loadRowArrays } from "../data/numpy/load.js";
import { isAudio, isFiles, isFolder, isImageArrays, isRowArrays } from "../recipe/source.js";
import { countDimensions } from "../teachers/onnx/embedder.js";
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
  const bare = (dataset: ImageDataset) => {
    return { ...dataset, classes: [], labels: new Uint8Array(dataset.size), embedding };
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
    const { images, layout, test } = source;
    return ofOneSize(
      loadImageArrays({ images, layout, memory }),
      test && loadImageArrays({ images: test.images, layout, memory }),
      images,
    );
  }
  if (isRowArrays(source)) {
    const { rows, test } = source;
    return ofOneSize(loadRowArrays({ rows, memory }), test && loadRowArrays({ rows: test.rows, memory }), rows);
  }
  return loadSource(recipe, signal, listener);
}

function ofOneSize(train: ImageDataset, test: ImageDataset | undefined, path: string): LoadedSource {
  if (test) requireSameSize(train, test);
  return { train, test, source: basename(path) };
}

async function widthOf({ task, teacher }: DataRecipe, samples: ImageDataset): Promise<number> {
  if (typeof task?.dimensions === "number") return task.dimensions;
  if (teacher && "onnx" in teacher) return countDimensions(teacher, samples);
  throw new TypeError("a recipe of embeddings without an ONNX teacher was let through");
}
