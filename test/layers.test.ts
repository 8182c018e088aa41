import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** Floors of each package from the ground up. A file imports only from its own floor and those below; see docs/architecture.md. */
const FLOORS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  graph: [
    ["errors", "random"],
    ["dtype", "shape", "provider"],
    ["tensor", "graph", "operator", "print"],
    ["ops"],
    ["create", "gradients", "prune", "verify", "cost"],
    ["onnx", "optim"],
    ["passes"],
    ["quantize"],
    ["blocked"],
    ["runtime"],
    ["index"],
  ],
  limbeck: [
    ["support"],
    ["data"],
    ["models"],
    ["compress"],
    ["teachers", "losses"],
    ["imported"],
    ["recipe"],
    ["schemes"],
    ["train"],
    ["evaluate"],
    ["quantize"],
    ["doctor"],
    ["report"],
    ["runs"],
    ["export"],
    ["index", "cli"],
  ],
};

const root = fileURLToPath(new URL("..", import.meta.url));
const sources = (name: string) => join(root, "packages", name, "src");

function filesOf(name: string): string[] {
  const all = readdirSync(sources(name), { recursive: true, encoding: "utf8" });
  return all.filter((file) => file.endsWith(".ts")).map((file) => join(sources(name), file));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|\bimport\("([^"]+)"\)/g);
  return [...found].map((match) => match[1] ?? match[2]!);
}

function floorOf(name: string, file: string): number {
  const part = relative(sources(name), file).split(sep)[0]!.replace(/\.ts$/, "");
  return FLOORS[name]!.findIndex((floor) => floor.includes(part));
}

describe.each(Object.keys(FLOORS))("packages/%s", (name) => {
  const files = filesOf(name);

  it("has every file on a floor", () => {
    expect(files.filter((file) => floorOf(name, file) < 0).map((file) => relative(root, file))).toEqual([]);
  });

  it("imports nothing upward", () => {
    const upward = files.flatMap((file) =>
      importsOf(file)
        .filter((path) => path.startsWith("."))
        .map((path) => resolve(dirname(file), path.replace(/\.js$/, ".ts")))
        .filter((target) => floorOf(name, target) > floorOf(name, file))
        .map((target) => `${relative(root, file)} -> ${relative(root, target)}`),
    );
    expect(upward).toEqual([]);
  });

  it("has no circles", () => {
    const edges = new Map(files.map((file) => [file, runtimeImports(file)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file))
        circles.push([...path.slice(path.indexOf(file)), file].map((f) => relative(root, f)).join(" -> "));
      if (done.has(file) || path.includes(file)) return;
      for (const target of edges.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  /** Imports of values; types are gone when the code runs. */
  function runtimeImports(file: string): string[] {
    const text = readFileSync(file, "utf8").replaceAll(/(import|export) type [^;]+;/g, "");
    return [...text.matchAll(/from\s+"(\.[^"]+)"/g)].map((match) =>
      resolve(dirname(file), match[1]!.replace(/\.js$/, ".ts")),
    );
  }
});

describe("packages/graph", () => {
  const entries = { node: join("runtime", "node.ts"), web: join("runtime", "web.ts") };
  const named = (files: readonly string[]) => files.map((file) => relative(sources("graph"), file));

  it("knows nothing of Node, but for its Node backend and the flags that it wants", () => {
    const ofNode = /\b(?:Buffer|process|require|__dirname|__filename|setImmediate)\b(?=[.([])|from "node:/;
    const files = filesOf("graph").filter((file) => ofNode.test(withoutComments(readFileSync(file, "utf8"))));
    expect(named(files)).toEqual([join("runtime", "node-flags.ts"), entries.node]);
  });

  it.each(Object.entries(entries))(
    "loads onnxruntime-%s in that backend alone, and nothing else imports it",
    (name, entry) => {
      const loads = filesOf("graph").filter((file) =>
        importsOf(file).some((path) => path.split("/")[0] === `onnxruntime-${name}`),
      );
      expect(named(loads)).toEqual([entry]);
      const target = join(sources("graph"), entry);
      const users = filesOf("graph").filter((file) =>
        importsOf(file).some((path) => resolve(dirname(file), path.replace(/\.js$/, ".ts")) === target),
      );
      expect(named(users)).toEqual([]);
    },
  );

  function withoutComments(text: string): string {
    return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  }
});
