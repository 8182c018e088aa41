import { answerWidth } from "../data/dataset.js";
import { type ImportedNetwork, openNetwork } from "../imported/network.js";
import type { OnnxModelOptions } from "../imported/options.js";
import { isFile, type ModelOptions, type Recipe } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { canonicalJson } from "../support/json.js";
import type { RunFolder } from "./folder.js";
import { located, type Place } from "./located.js";
import { membersOf } from "./members.js";
import type { RunSamples } from "./samples.js";

/** A model that a recipe names by a file. */
interface NamedFile extends Place {
  readonly options: OnnxModelOptions;
  /** Places of its classes among the data's; missing where it knows all. */
  readonly owns?: readonly number[] | undefined;
}

/** The network of a file that was opened. */
export function networkOf({ networks }: RunSamples, options: OnnxModelOptions): ImportedNetwork {
  const found = networks?.get(canonicalJson(options));
  if (!found) throw new TypeError(`${options.onnx} was not opened`);
  return found;
}

/**
 * Opens all files that a run trains further, which must be those that the run began with.
 * @throws LimbeckError RUN_INVALID, MODEL_MISMATCH with line and column in the run folder's recipe, FILE_MISSING, FILE_UNREADABLE
 * @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED
 */
export async function openNetworks(folder: RunFolder, recipe: Recipe, samples: RunSamples): Promise<RunSamples> {
  const opened = await readNetworks(folder, recipe, samples);
  for (const { where, options } of namedFiles(recipe)) {
    requireSameNetwork(folder, where, options.onnx, networkOf(opened, options).sha256);
  }
  return opened;
}

/** The same without a look at what the run began with. */
export async function readNetworks(folder: RunFolder, recipe: Recipe, samples: RunSamples): Promise<RunSamples> {
  const { dataset } = samples.train;
  const networks = new Map<string, ImportedNetwork>();
  for (const file of namedFiles(recipe)) {
    const key = canonicalJson(file.options);
    const network = await located(folder, file, async () => {
      const opened = networks.get(key) ?? (await openNetwork(file.options, dataset));
      const { owns } = file;
      if (owns) opened.model(owns.map((label) => dataset.classes[label]!));
      else opened.model(dataset.classes, answerWidth(dataset));
      return opened;
    });
    networks.set(key, network);
  }
  return { ...samples, networks };
}

function namedFiles(recipe: Recipe): NamedFile[] {
  const named = (
    model: ModelOptions,
    owner: NamedFile["path"],
    where: string,
    owns?: readonly number[],
  ): NamedFile[] =>
    isFile(model) ? [{ path: [...owner, "model"], where: `${where}.model`, options: model, owns }] : [];
  return [
    ...membersOf(recipe).flatMap(({ choice, path, where, owns }) =>
      "model" in choice ? named(choice.model, path, where, owns) : [],
    ),
    ...recipe.assistants.flatMap(({ model }, i) => named(model, ["assistants", i], `assistants[${i}]`)),
    ...named(recipe.student.model, ["student"], "student"),
  ];
}

/** A run goes on with the files that it began with. @throws LimbeckError RUN_INVALID */
export function requireSameNetwork(folder: RunFolder, where: string, path: string, sha256: string): void {
  const { networkSha256 } = folder.readRun();
  const known = networkSha256?.[where];
  if (known !== undefined && known !== sha256) {
    throw new LimbeckError("RUN_INVALID", `${path} is another file than when the run began`, {
      where: path,
      value: sha256,
      fix: "Bring the old file back, or begin a new run.",
    });
  }
  folder.updateRun({ networkSha256: { ...networkSha256, [where]: sha256 } });
}
