import { readdirSync, readFileSync } from "node:fs";
import { createGraph, gradients, ops, sizeOf, type Tensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { lossNamed } from "../../src/losses/index.js";
import type { LinearHead, Loss, LossContext, LossStore } from "../../src/losses/loss.js";
import { constant } from "../../src/models/initial.js";
import { Layers } from "../../src/models/layers.js";
import { headOf } from "../../src/schemes/heads.js";

/** Numbers of a tensor; `gradient` is that of the loss, missing where the loss does not look at it. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly gradient?: readonly number[];
}

interface GoldenHead {
  readonly maps: GoldenTensor;
  readonly weight: GoldenTensor;
}

/** A loss with what goes in, as a generator beside the JSON files writes it. */
export interface GoldenLoss {
  readonly name: string;
  readonly loss: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly studentLogits?: GoldenTensor;
  readonly teacherLogits?: GoldenTensor | null;
  readonly specialists?: readonly {
    readonly classes: readonly number[];
    readonly logits: GoldenTensor;
    /** How much each counts, [N, 1]. */
    readonly share: GoldenTensor;
  }[];
  readonly labels?: readonly number[] | null;
  readonly targets?: GoldenTensor;
  readonly features?: readonly {
    readonly student: GoldenTensor;
    readonly teacher: GoldenTensor;
    readonly norm?: { readonly weight: GoldenTensor; readonly bias: GoldenTensor };
  }[];
  /** Values of the student's alone. */
  readonly studentFeatures?: readonly GoldenTensor[];
  /** What the runtime draws, in the order in which the loss asks for it. */
  readonly masks?: readonly GoldenTensor[];
  readonly heads?: { readonly student: GoldenHead; readonly teacher: GoldenHead };
  readonly saliency?: { readonly student: GoldenTensor; readonly teacher: GoldenTensor };
  readonly sampleIndices?: readonly number[];
  readonly sampleCount?: number;
  readonly sampleLabels?: readonly number[];
  readonly progress?: number;
  readonly partnerLogits?: GoldenTensor;
  /** Whole numbers that the runtime draws, one list for each time that the loss asks for some. */
  readonly draws?: readonly (readonly number[])[];
  /** What the loss declares, by the names that it gives; `next` is a buffer's value after the step. */
  readonly parameters?: Readonly<Record<string, GoldenTensor>>;
  readonly buffers?: Readonly<Record<string, GoldenTensor & { readonly next?: readonly number[] }>>;
  readonly value: number;
  /** What single precision may lose, relative to 1 or to larger numbers. Default 3e-6. */
  readonly tolerance?: number;
}

/** The cases of all files `golden/losses*.json`. */
export function readLossCases(): GoldenLoss[] {
  const folder = new URL("../golden/", import.meta.url);
  const files = readdirSync(folder).filter((name) => /^losses.*\.json$/.test(name));
  return files.flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")).cases as GoldenLoss[]);
}

/** What a loss comes to: its value, gradients by input (`logits`, `features/0`, `heads/maps`,
 * `parameters/<name>`), buffers' next values. */
export interface Evaluated {
  readonly value: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly next: Readonly<Record<string, readonly number[]>>;
}

/** Computes a loss and its gradients with ONNX Runtime. */
export async function evaluateLoss(golden: Omit<GoldenLoss, "value">): Promise<Evaluated> {
  const graph = createGraph();
  const feeds: Record<string, GoldenTensor> = {};
  const wanted: Record<string, Tensor> = {};
  const next: Record<string, Tensor> = {};
  const input = (name: string, tensor: GoldenTensor) => {
    feeds[name] = tensor;
    return graph.input(name, "float32", tensor.shape);
  };
  const trained = (name: string, tensor: GoldenTensor) => {
    wanted[name] = input(name, tensor);
    return wanted[name];
  };
  const store: LossStore = {
    parameter: (name, shape) => trained(`parameters/${name}`, declared(golden.parameters, name, shape)),
    buffer: (name, shape) => input(`buffers/${name}`, declared(golden.buffers, name, shape)),
    carry: (buffer, value) => {
      next[buffer.name.replace("buffers/", "")] = value;
    },
    carryRows: (buffer, rows, values) => {
      const places = ops.expand(ops.unsqueeze(rows, [1]), values.shape);
      next[buffer.name.replace("buffers/", "")] = ops.scatterElements(buffer, places, values);
    },
  };
  const ints = (values: readonly number[]) => graph.constant("int64", [values.length], [...values]);
  const { labels, targets, teacherLogits, sampleIndices, sampleCount, sampleLabels, progress, partnerLogits } = golden;
  const samples = golden.features?.[0]?.student.shape[0] ?? 1;
  const context: LossContext = {
    logits: trained("logits", golden.studentLogits ?? { shape: [samples, 2], data: new Array(2 * samples).fill(0) }),
    labels: labels ? ints(labels) : undefined,
    targets: targets && input("targets", targets),
    teacherLogits: teacherLogits ? input("teacherLogits", teacherLogits) : undefined,
    specialists: golden.specialists?.map(({ classes, logits, share }, i) => ({
      classes,
      logits: input(`specialists/${i}`, logits),
      logShare: input(`shares/${i}`, { ...share, data: share.data.map(Math.log) }),
    })),
    features: golden.features?.map(({ student, teacher, norm }, i) => ({
      student: trained(`features/${i}`, student),
      teacher: input(`teacherFeatures/${i}`, teacher),
      teacherNorm: norm && {
        weight: input(`teacherNorm/${i}/weight`, norm.weight),
        bias: input(`teacherNorm/${i}/bias`, norm.bias),
      },
    })),
    studentFeatures: golden.studentFeatures?.map((x, i) => (x.gradient ? trained : input)(`studentFeatures/${i}`, x)),
    heads: golden.heads && {
      student: {
        maps: trained("heads/maps", golden.heads.student.maps),
        weight: (golden.heads.student.weight.gradient ? trained : input)("heads/weight", golden.heads.student.weight),
      },
      teacher: {
        maps: input("teacherHeads/maps", golden.heads.teacher.maps),
        weight: input("teacherHeads/weight", golden.heads.teacher.weight),
      },
    },
    saliency: golden.saliency && {
      student: trained("saliency", golden.saliency.student),
      teacher: input("teacherSaliency", golden.saliency.teacher),
    },
    sampleIndices: sampleIndices && ints(sampleIndices),
    sampleCount,
    sampleLabels: sampleLabels && ints(sampleLabels),
    progress: progress === undefined ? undefined : graph.constant("float32", [], [progress]),
    partnerLogits: partnerLogits && input("partnerLogits", partnerLogits),
    store,
  };
  const record = lossNamed(golden.loss);
  const options = record.options.parse(golden.options);
  const layers = new Layers({}, true, ({ name, shape }, isBuffer) =>
    isBuffer ? store.buffer(name, shape, constant(0)) : store.parameter(name, shape, constant(0)),
  );
  const value = record.compute(deployed(record, context, layers, options), options);
  for (const [name, tensor] of Object.entries(layers.buffers)) next[name] = tensor;
  const { features, studentFeatures, heads, saliency } = golden;
  const looksInside = [features, studentFeatures, heads, saliency].some((seen) => seen !== undefined);
  const reached = Object.entries(wanted).filter(([name]) => name !== "logits" || !looksInside);
  graph.output("value", value);
  const grads = gradients(
    value,
    reached.map(([, tensor]) => tensor),
  );
  reached.forEach(([name], i) => {
    graph.output(`gradient/${name}`, grads[i]!);
  });
  for (const [name, tensor] of Object.entries(next)) graph.output(`next/${name}`, tensor);
  const session = await nodeBackend.createSession(toOnnx(graph), { threads: 1 });
  const fed = session.inputNames
    .filter((name) => feeds[name])
    .map((name) => {
      const { data, shape } = feeds[name]!;
      return [name, nodeBackend.tensor("float32", Float32Array.from(data), shape)] as const;
    });
  const drawn = graph.inputs.filter(({ source }) => source.kind === "random");
  const draws = drawn.map(({ name, dtype, shape }, i) => {
    const data = dtype === "int32" ? Int32Array.from(golden.draws![i]!) : Float32Array.from(golden.masks![i]!.data);
    return [name, nodeBackend.tensor(dtype, data, shape)] as const;
  });
  const result = await session.run(Object.fromEntries([...fed, ...draws]));
  await session.release();
  const under = (prefix: string) =>
    Object.fromEntries(
      Object.entries(result)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, { data }]) => [name.slice(prefix.length), Array.from(data as Float32Array)]),
    );
  return { value: Number(result.value!.data[0]), gradients: under("gradient/"), next: under("next/") };
}

/** What a method sees that the student is deployed with: the end that it gives to the student. */
function deployed(record: Loss, context: LossContext, layers: Layers, options: unknown): LossContext {
  if (!record.deploy) return context;
  const { student, teacher } = context.heads!;
  const end = { ...teacher, maps: teacher.maps.shape.slice(1) };
  const logits = record.deploy(layers, student.maps, end, options);
  const own: LinearHead = headOf(record.name, "student", { logits, taps: {}, buffers: {} });
  return { ...context, logits, heads: { student: own, teacher } };
}

function declared<Kind extends GoldenTensor>(
  known: Readonly<Record<string, Kind>> | undefined,
  name: string,
  shape: readonly number[],
): Kind {
  const found = known?.[name];
  if (found?.data.length === sizeOf(shape)) return found;
  throw new TypeError(`the golden case has no ${name} of shape [${shape}]`);
}
