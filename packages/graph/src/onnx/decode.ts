import { createGraph, type GraphOptions } from "../create.js";
import { type TypedArray, toTypedArray } from "../dtype.js";
import { GraphError, TypedError } from "../errors.js";
import type { Graph } from "../graph.js";
import type { Tensor } from "../tensor.js";
import { verify } from "../verify.js";
import { fitting } from "./glob.js";
import { Importer } from "./importer.js";
import { type ParsedModel, parseModel } from "./model.js";
import { neededPart } from "./order.js";
import { type DimensionBindings, inputType, probeConstants, type ShapeProbe } from "./shapes.js";
import type { ExternalData } from "./tensors.js";
import { type Chosen, passOver, trainableNames } from "./trainable.js";

export interface ImportOptions extends GraphOptions {
  /**
   * Sizes of dimensions that the file leaves open, by their symbol (`batch`), by input and axis (`images[0]`, which also
   * overrides a size that the file fixes), or for all others (`*`).
   */
  readonly dims?: DimensionBindings;
  /**
   * Initializers that become parameters, by name or pattern (`layer4.*`); all others stay constants. Only numbers of
   * floating point are taken. Tensors in Constant nodes and in branches count as well. Patterns pass over scalars, running
   * statistics, settings such as the bounds of Clip, and what decides shapes: name those in full, if you must.
   */
  readonly trainable?: readonly string[];
  /** Ends the graph at these values, by name or pattern, instead of the model's own outputs. */
  readonly until?: readonly string[];
  /** Inputs that are fixed at these numbers rather than fed. */
  readonly freeze?: Readonly<Record<string, TypedArray | readonly number[]>>;
  /** Reads files that lie beside the model. */
  readonly externalData?: ExternalData;
  /** Runs the model once where its shapes depend on values that only a run can tell; see `probeWith`. */
  readonly shapesOf?: ShapeProbe;
}

/** A model as a graph. Names are the file's own. */
export interface ImportedModel {
  readonly graph: Graph;
  /** Values to feed, those that the outputs need. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Every value of the file that is in the graph, by the file's name for it: tap what you like. */
  readonly values: ReadonlyMap<string, Tensor>;
  /** Initial values of the parameters, by name. They may share memory with the file. */
  readonly parameters: Readonly<Record<string, TypedArray>>;
  /** Opset that the file was written in. */
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads an ONNX model into a graph: any opset from 9 on (older ones as far as they go), in the form of opset 17. Noise that
 * exporters leave behind (Identity, dropout, arithmetic on shapes) is worked out on the way.
 * @param bytes the file; constants may share its memory
 * @throws GraphError MODEL_INVALID for damaged files; MODEL_UNSUPPORTED listing what graphs do not have; OPTION_INVALID for
 * open dimensions and patterns that fit nothing; NOT_CONSTANT where a shape depends on what is fed
 */
export async function fromOnnx(bytes: Uint8Array, options: ImportOptions = {}): Promise<ImportedModel> {
  try {
    return await importModel(parseModel(bytes), options);
  } catch (error) {
    if (error instanceof TypedError) throw error;
    throw new GraphError(
      "MODEL_INVALID",
      `the model cannot be read: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    );
  }
}

async function importModel(model: ParsedModel, options: ImportOptions): Promise<ImportedModel> {
  const outputs = outputNames(model, options.until);
  let chosen = trainableNames(model, options.trainable ?? []);
  for (;;) {
    const importer = startImport(model, outputs, chosen, options);
    try {
      return await finishImport(importer, model, outputs);
    } catch (error) {
      const deciding = new Set(importer.storedBehind(error).filter((name) => chosen.byPattern.has(name)));
      if (deciding.size === 0) throw error;
      chosen = passOver(chosen, deciding);
    }
  }
}

function startImport(model: ParsedModel, outputs: readonly string[], chosen: Chosen, options: ImportOptions): Importer {
  const { shapesOf } = options;
  const fed = model.graph.input.filter(({ name }) => !model.initializers.has(name));
  const given = new Set([...fed.map(({ name }) => name), ...model.initializers.keys()]);
  if (given.size !== fed.length + model.initializers.size) throw definedTwice(fed.map(({ name }) => name));
  const part = neededPart(model.graph, outputs, given);
  const importer = new Importer({
    graph: createGraph(options),
    model,
    part,
    trainable: chosen.names,
    externalData: options.externalData,
    learn: shapesOf && ((inputs) => probeConstants(model, inputs, shapesOf)),
  });
  for (const info of fed.filter(({ name }) => part.used.has(name))) {
    const type = inputType(info, options.dims ?? {});
    const frozen = options.freeze?.[info.name];
    if (frozen) importer.constant(info.name, { ...type, data: toTypedArray(type.dtype, frozen) });
    else importer.input(info.name, type);
  }
  return importer;
}

function definedTwice(names: readonly string[]): GraphError {
  const name = names.find((one, i) => names.indexOf(one) !== i);
  return new GraphError("MODEL_INVALID", `value ${name} is defined twice`, { value: name });
}

async function finishImport(
  importer: Importer,
  model: ParsedModel,
  outputs: readonly string[],
): Promise<ImportedModel> {
  const { graph } = importer;
  await importer.run();
  for (const name of outputs) importer.output(name);
  verify(graph);
  return {
    graph,
    inputs: new Map(graph.inputs.filter(({ source }) => source.kind === "input").map((input) => [input.name, input])),
    outputs: graph.outputs,
    values: importer.values,
    parameters: importer.parameters,
    opset: model.opsets.get("") ?? 1,
    metadata: model.metadata,
  };
}

function outputNames(model: ParsedModel, until: readonly string[] | undefined): string[] {
  if (!until) return model.graph.output.map(({ name }) => name);
  const names = new Set(model.graph.node.flatMap((node) => node.output).filter((name) => name !== ""));
  return [...new Set(until.flatMap((pattern) => (names.has(pattern) ? [pattern] : fitting(names, pattern, "value"))))];
}
