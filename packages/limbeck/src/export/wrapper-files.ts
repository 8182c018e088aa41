import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import type { SampleFacts } from "../runs/sample-facts.js";
import { limbeckVersion } from "../runs/versions.js";
import { readText } from "../support/files.js";

/** A form of a module, and where the build has it. The same paths hold in `src` and in `dist`. */
const FORMS = { ".ts": "../../src/", ".js": "../../dist/", ".d.ts": "../../dist/" } as const;

type Form = keyof typeof FORMS;

const MAINS = { image: "image", row: "rows", window: "rows", sound: "sound", text: "text" } as const;

const FOLDER = "export/wrapper";

/** What the wrapper's files are called, without what tells their forms apart. */
export function wrapperName({ embedding }: Pick<SampleFacts, "embedding">): string {
  return embedding ? "embed" : "predict";
}

/**
 * `predict.ts`, or `embed.ts`, and what the compiler makes of it: the modules in `wrapper/`, and what they import, which are code of this
 * package like any other, in one file, with the facts of one student in place of those that they are checked with.
 */
export function wrapperFiles(samples: SampleFacts): ReadonlyMap<string, string> {
  const main = samples.embedding ? "embedder" : MAINS[samples.kind];
  const forms = Object.keys(FORMS) as Form[];
  return new Map(forms.map((form) => [`${wrapperName(samples)}${form}`, wrapper(main, form, samples)]));
}

function wrapper(main: string, form: Form, samples: SampleFacts): string {
  const imports: string[] = [];
  const inlined = new Set<string>();
  const inline = (name: string): string => {
    if (inlined.has(name)) return "";
    inlined.add(name);
    if (name === `${FOLDER}/facts`) return factsText(samples, form);
    const text = readText(fileURLToPath(new URL(`${FORMS[form]}${name}${form}`, import.meta.url)));
    const parts: string[] = [];
    const rest = text
      .replace(/^\/\/# sourceMappingURL.*$/m, "")
      .replace(/^export (type )?\{[^}]*\};$/gm, "")
      .replace(/^import [^;]*? from "([^"]+)";$/gm, (statement, from: string) => {
        const local = /^(\..+)\.js$/.exec(from)?.[1];
        if (local === undefined) imports.push(statement);
        else parts.push(inline(posix.join(posix.dirname(name), local)));
        return "";
      });
    return [...parts, rest.trim()].filter((part) => part !== "").join("\n\n");
  };
  const body = inline(`${FOLDER}/${main}`);
  const head = `// Written by limbeck ${limbeckVersion()}: what the student answers with, its preprocessing, and how it is asked.`;
  const end = form === ".d.ts" ? ["export {};"] : [];
  return `${[head, ...imports, body, ...end].join("\n\n")}\n`;
}

function factsText(
  { kind, classes, embedding, columns, height, width, sound, text, fit = "stretch" }: SampleFacts,
  form: Form,
): string {
  const labels = embedding
    ? fact(form, "DIMENSIONS", embedding, "Numbers of an embedding.")
    : fact(form, "CLASSES", classes, "Classes, in the order of the model's answers.", "Label");
  if (kind === "sound") {
    return [labels, shapeFact(form, "SOUND", sound!, "SoundShape", "What the model takes of a sound.")].join("\n");
  }
  if (kind === "text") {
    return [labels, shapeFact(form, "TEXT", text!, "TextShape", "What the model takes of a text.")].join("\n");
  }
  if (kind === "image") {
    return [
      labels,
      fact(form, "HEIGHT", height, "Height of the images that the model takes, in pixels."),
      fact(form, "WIDTH", width, "Their width."),
      fact(form, "FIT", fit, "What becomes of images of another shape."),
    ].join("\n");
  }
  return [
    labels,
    fact(form, "COLUMNS", columns ?? [], "Columns of a row, in order.", "Column"),
    fact(form, "TIMES", height * width, "Rows that the model takes at once."),
  ].join("\n");
}

/** Not as narrow as its value: code that asks for the other kind must compile. */
function shapeFact(form: Form, name: string, shape: object, typeName: string, comment: string): string {
  const [value, type] = [JSON.stringify(shape), form === ".js" ? "" : `: ${typeName}`];
  const statement =
    form === ".d.ts" ? `export declare const ${name}${type};` : `export const ${name}${type} = ${value};`;
  return `/** ${comment} */\n${statement}`;
}

/** A constant, and the type of its elements. */
function fact(form: Form, name: string, value: unknown, comment: string, element?: string): string {
  const json = JSON.stringify(value);
  const statement = {
    ".ts": `export const ${name} = ${json}${Array.isArray(value) ? " as const" : ""};`,
    ".js": `export const ${name} = ${json};`,
    ".d.ts": `export declare const ${name}: ${Array.isArray(value) ? `readonly ${json}` : json};`,
  }[form];
  const type = element && form !== ".js" ? [`export type ${element} = (typeof ${name})[number];`] : [];
  return [`/** ${comment} */`, statement, ...type].join("\n");
}
