/** npm takes no longer names. */
const LONGEST_NAME = 214;

/** `package.json`, by which Node takes `predict.js` as a module, and the folder can be installed as a package. */
export function packageFile(name: string, description: string): object {
  return {
    name: name.toLowerCase().slice(0, LONGEST_NAME),
    version: "1.0.0",
    ...(description === "" ? {} : { description }),
    type: "module",
    exports: {
      ".": { types: "./predict.d.ts", default: "./predict.js" },
      "./*": "./*",
    },
    peerDependencies: { "onnxruntime-common": ">=1.17.0" },
    peerDependenciesMeta: { "onnxruntime-common": { optional: true } },
  };
}
