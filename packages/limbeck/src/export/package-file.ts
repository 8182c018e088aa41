/** npm takes no longer names. */
const LONGEST_NAME = 214;

/** `package.json`, by which Node takes the wrapper as a module, and the folder can be installed as a package. */
export function packageFile(name: string, description: string, wrapper = "predict"): object {
  return {
    name: name.toLowerCase().slice(0, LONGEST_NAME),
    version: "1.0.0",
    ...(description === "" ? {} : { description }),
    type: "module",
    exports: {
      ".": { types: `./${wrapper}.d.ts`, default: `./${wrapper}.js` },
      "./*": "./*",
    },
    peerDependencies: { "onnxruntime-common": ">=1.17.0" },
    peerDependenciesMeta: { "onnxruntime-common": { optional: true } },
  };
}
