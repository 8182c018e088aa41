import { dirname, resolve } from "node:path";
import { isAddress } from "../imported/address.js";
import type { Path, RecipeLayers } from "./layers.js";
import type { Recipe } from "./schema.js";
import {
  isAudio,
  isFiles,
  isFolder,
  isImageArrays,
  isIterable,
  isRecords,
  isRowArrays,
  isTable,
  isTexts,
  tablesOf,
} from "./source.js";

type Source = Recipe["data"]["source"];

/** A recipe whose source has whole paths: those that it is written with are relative to the file that they stand in. */
export function withWholeSource<Part extends Pick<Recipe, "data">>(layers: RecipeLayers, recipe: Part): Part {
  const from = (path: string, ...keys: Path) =>
    resolve(dirname(layers.placeOf(["data", "source", ...keys]).file), path);
  return { ...recipe, data: { ...recipe.data, source: wholeSource(recipe.data.source, from) } };
}

function wholeSource(source: Source, from: (path: string, ...keys: Path) => string): Source {
  if (typeof source === "string" || isIterable(source)) return source;
  const all = (given: string | readonly string[], key: string) =>
    [given].flat().map((path) => (isAddress(path) ? path : from(path, key)));
  if (isFiles(source)) return { ...source, files: all(source.files, "files") };
  if (isTable(source) || isTexts(source) || isRecords(source)) {
    const named = tablesOf(source).map(([key, names]) => [key, all(names, key)]);
    const root = isRecords(source) && source.root !== undefined ? { root: from(source.root, "root") } : {};
    return Object.assign({}, source, Object.fromEntries(named), root);
  }
  if (isFolder(source) || isAudio(source)) {
    const each = (given: string | readonly string[], key: string) =>
      typeof given === "string" ? from(given, key) : given.map((path) => from(path, key));
    const whole = (key: "test" | "unlabelled") => {
      const given = source[key];
      return given === undefined ? {} : { [key]: each(given, key) };
    };
    const more = { ...whole("test"), ...whole("unlabelled") };
    if (isAudio(source)) return { ...source, audio: each(source.audio, "audio"), ...more };
    return { ...source, folder: each(source.folder, "folder"), ...more };
  }
  const labelled = (labels: string | undefined, ...keys: Path) =>
    labels === undefined ? {} : { labels: from(labels, ...keys) };
  if (isImageArrays(source)) {
    const { images, labels, test } = source;
    const tested = test && { images: from(test.images, "test", "images"), ...labelled(test.labels, "test", "labels") };
    return {
      ...source,
      images: from(images, "images"),
      ...labelled(labels, "labels"),
      ...(tested ? { test: tested } : {}),
    };
  }
  if (isRowArrays(source)) {
    const { rows, labels, test } = source;
    const tested = test && { rows: from(test.rows, "test", "rows"), ...labelled(test.labels, "test", "labels") };
    return {
      ...source,
      rows: from(rows, "rows"),
      ...labelled(labels, "labels"),
      ...(tested ? { test: tested } : {}),
    };
  }
  const pair = (part: "train" | "test", { images, labels }: { images: string; labels: string }) => ({
    images: from(images, part, "images"),
    labels: from(labels, part, "labels"),
  });
  const test = source.test ? { test: pair("test", source.test) } : {};
  return { ...source, train: pair("train", source.train), ...test };
}
