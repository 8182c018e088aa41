import type { EmbeddingResults } from "../evaluate/embedding/results.js";
import { limbeckVersion } from "../runs/versions.js";
import { LimbeckError } from "../support/errors.js";
import { embedderCard } from "./card/embedder.js";
import { json, modelFiles, sizesOf } from "./files.js";
import type { FinishedRun } from "./finished-run.js";
import type { ExportOptions } from "./options.js";
import type { Files } from "./output.js";
import { packageFile } from "./package-file.js";
import { embedderConfig, preprocessorConfig } from "./transformers.js";
import type { Variant } from "./variants/variant.js";
import { wrapperFiles, wrapperName } from "./wrapper-files.js";

/** What there is beside the model of a student that embeds images. @throws LimbeckError OPTION_INVALID for what there is not */
export async function embedderFiles(
  finished: FinishedRun<EmbeddingResults>,
  variants: readonly Variant[],
  options: ExportOptions,
): Promise<Files> {
  const { recipe, samples, family } = finished;
  requireImages(finished);
  if (options.playground) throw withoutPlayground();
  const files = await modelFiles(finished, variants, options);
  files.set("config.json", json(embedderConfig(samples, family, limbeckVersion())));
  files.set("preprocessor_config.json", json(preprocessorConfig(samples)));
  files.set("package.json", json(packageFile(recipe.name, recipe.description, wrapperName(samples))));
  for (const [name, text] of wrapperFiles(samples)) files.set(name, text);
  const license = options.license ?? recipe.card?.license;
  files.set("README.md", embedderCard({ finished, license, variants, files: sizesOf(files) }));
  return files;
}

function requireImages({ samples: { kind } }: FinishedRun<EmbeddingResults>): void {
  if (kind === "image") return;
  throw new LimbeckError("OPTION_INVALID", `students that embed ${kind}s are not exported yet`, {
    value: kind,
    fix: "Use student.onnx as it is: it takes `images` and answers with `embedding`.",
  });
}

function withoutPlayground(): LimbeckError {
  return new LimbeckError("OPTION_INVALID", "there is no playground for embeddings", {
    where: "playground",
    fix: "Leave --playground out.",
  });
}
