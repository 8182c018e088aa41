import { basename } from "node:path";
import type { ImageDataset } from "../data/dataset.js";
import { loadFiles } from "../data/files/load.js";
import { loadImageFolders } from "../data/images/load.js";
import type { ImagesListener } from "../data/images/reader.js";
import { loadImageArrays, loadRowArrays } from "../data/numpy/load.js";
import { isFiles, isFolder, isImageArrays, isRowArrays } from "../recipe/source.js";
import { countDimensions } from "../teachers/onnx/embedder.js";
import { type DataRecipe, type LoadedSource, loadSource, requireSameSize } from "./sources.js";

/**
 * Loads what a recipe names as its source without classes: what it knows of them is left out, and models answer with as many
 * numbers as the recipe asks for, or its teacher's embedding has.
 * @throws LimbeckError as `loadSource` does, and TEACHER_MISMATCH
 */
export async function loadClassless(
  recipe: DataRecipe,
  signal: AbortSignal,
  listener: ImagesListener,
): Promise<LoadedSource> {
  const { train, test, source } = await loadBare(recipe, signal, listener);
  const embedding = await widthOf(recipe, train);
  const bare = (dataset: ImageDataset) => {
    return { ...dataset, classes: [], labels: new Uint8Array(dataset.size), embedding };
  };
  return { train: bare(train), test: test && bare(test), source };
}

async function loadBare(recipe: DataRecipe, signal: AbortSignal, listener: ImagesListener): Promise<LoadedSource> {
  const { source } = recipe.data;
  if (isFolder(source))
    return { ...(await loadImageFolders(source, signal, listener)), source: basename(source.folder) };
  if (isFiles(source)) {
    const files = [source.files].flat();
    return { train: await loadFiles(files, source, signal), source: files.map((path) => basename(path)).join(", ") };
  }
  if (isImageArrays(source)) {
    const { images, layout, test } = source;
    return ofOneSize(
      loadImageArrays({ images, layout }),
      test && loadImageArrays({ images: test.images, layout }),
      images,
    );
  }
  if (isRowArrays(source)) {
    const { rows, test } = source;
    return ofOneSize(loadRowArrays({ rows }), test && loadRowArrays({ rows: test.rows }), rows);
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
