import { isAbsolute } from "node:path";
import type { TaskResults } from "../../evaluate/results.js";
import type { Recipe } from "../../recipe/schema.js";
import { recipeText } from "../../recipe/text.js";
import { seedsOf } from "../../runs/arms.js";
import type { Card } from "./card.js";
import { inline, withoutFolder } from "./text.js";

/** Versions, seeds and the recipe. */
export function reproduceSection({ finished }: Card<TaskResults>): string {
  const { recipe, run, peer } = finished;
  const { node, onnxruntime, platform, cpu } = run.environment ?? {};
  const facts = [
    `limbeck ${run.limbeck}`,
    ...(node ? [`Node ${node}`] : []),
    ...(onnxruntime ? [`ONNX Runtime ${onnxruntime}`] : []),
    ...[platform, cpu].flatMap((fact) => (fact ? [inline(fact)] : [])),
    `${run.threads} thread${run.threads === 1 ? "" : "s"}`,
    ...Object.entries(run.commits ?? {}).map(([address, commit]) => `${inline(address)}, commit \`${commit}\``),
    `seeds ${seedsOf(recipe).join(", ")} (students), ${recipe.seed} (splits and teacher)`,
  ];
  return `## How to reproduce

${facts.map((fact) => `- ${fact}`).join("\n")}

Save this as \`recipe.yaml\`, put its files beside it, and run \`npx limbeck run recipe.yaml\`. With the same versions on the same
kind of processor the same numbers come out; elsewhere rounding differs a little.${peer ? ` Then \`npx limbeck export RUN --peer ${peer.name}\` writes this folder.` : ""}

${fenced(recipeText(withoutFolders(recipe) as Recipe))}`;
}

/** A fence that is longer than any in the text. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}yaml\n${text.trimEnd()}\n${fence}`;
}

function withoutFolders(value: unknown): unknown {
  if (typeof value === "string") return isAbsolute(value) ? withoutFolder(value) : value;
  if (Array.isArray(value)) return value.map(withoutFolders);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutFolders(inner)]));
}
