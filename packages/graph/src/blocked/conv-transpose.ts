import { numberAttribute, numbersAttribute } from "../operator.js";
import * as f from "../ops/build.js";
import type { Node, Tensor } from "../tensor.js";
import type { Layouts } from "./layouts.js";

/**
 * One axis of a ConvTranspose as convolutions without stride: output position p takes filter elements r, r + stride, …,
 * where r = (p + begin) mod stride, so that each remainder r is a convolution of its own over the input.
 */
interface PhaseAxis {
  readonly stride: number;
  readonly begin: number;
  readonly kernel: number;
  /** Filter elements of a phase, fewer than this for some. */
  readonly taps: number;
  /** Positions that the convolutions are computed at. */
  readonly positions: number;
  readonly padEnd: number;
  /** Elements of the result. */
  readonly size: number;
}

function phaseAxis(node: Node, i: number): PhaseAxis {
  const [image, filters] = node.inputs as readonly [Tensor, Tensor];
  const { attributes } = node;
  const stride = numbersAttribute(attributes, "strides")?.[i] ?? 1;
  const begin = numbersAttribute(attributes, "pads")?.[i] ?? 0;
  const [length, size, kernel] = [image.shape[i + 2]!, node.outputs[0]!.shape[i + 2]!, filters.shape[i + 2]!];
  const taps = Math.ceil(kernel / stride);
  const last = Math.floor((size - 1 + begin) / stride);
  const padEnd = Math.max(0, last + 1 - length);
  return { stride, begin, kernel, taps, positions: length + padEnd, padEnd, size };
}

/** One group, no dilation, pads given in numbers, no bias: the gradient of a convolution with stride. */
export function convTranspose(node: Node, layouts: Layouts): boolean {
  const [image, filters, bias] = node.inputs as readonly [Tensor, Tensor, Tensor | undefined];
  const [output] = node.outputs as readonly [Tensor];
  const { attributes } = node;
  const isPlain =
    numberAttribute(attributes, "group", 1) === 1 &&
    (numbersAttribute(attributes, "dilations") ?? []).every((dilation) => dilation === 1) &&
    (attributes.auto_pad ?? "NOTSET") === "NOTSET" &&
    attributes.output_shape === undefined;
  if (bias || !isPlain || filters.source.kind === "constant" || !layouts.fits(image) || !layouts.fits(output))
    return false;
  const axes = [phaseAxis(node, 0), phaseAxis(node, 1)] as const;
  const [rows, columns] = axes;
  const phases = phasesOf(rows).flatMap((row) => phasesOf(columns).map((column) => [row, column] as const));
  const maps = f.emitOne(
    "BlockedConv",
    [layouts.blocked(image), phaseFilters(layouts.plain(filters), axes, phases, layouts.block)],
    {
      pads: [rows.taps - 1, columns.taps - 1, rows.padEnd, columns.padEnd],
    },
  );
  layouts.set(output, { blocked: interleave(maps, output, axes, phases, layouts.block) });
  return true;
}

/** Remainders that have filter elements. */
function phasesOf({ stride, kernel }: PhaseAxis): number[] {
  return Array.from({ length: Math.min(stride, kernel) }, (_, i) => i);
}

type Axes = readonly [PhaseAxis, PhaseAxis];
type Phases = readonly (readonly [number, number])[];

/** Filters [in, out, ...kernel] as blocked filters of a convolution with the phases as additional outputs. */
function phaseFilters(filters: Tensor, [rows, columns]: Axes, phases: Phases, block: number): Tensor {
  const [inputs, outputs] = filters.shape as [number, number];
  const places = rows.kernel * columns.kernel;
  const order = phases.flatMap(([row, column]) =>
    descending(rows.taps).flatMap((i) =>
      descending(columns.taps).map((j) => {
        const [y, x] = [row + i * rows.stride, column + j * columns.stride];
        return y < rows.kernel && x < columns.kernel ? y * columns.kernel + x : places;
      }),
    ),
  );
  const { graph } = filters;
  const flat = f.reshape(filters, [inputs, outputs, places]);
  const zeros = graph.shared(`zeros ${inputs}x${outputs}`, () =>
    graph.constant("float32", [inputs, outputs, 1], new Array(inputs * outputs).fill(0)),
  );
  const whole = order.includes(places) ? f.concat([flat, zeros], 2) : flat;
  const taps = rows.taps * columns.taps;
  const picked = f.gather(whole, graph.ints(order), 2);
  const split = f.reshape(picked, [inputs / block, block, outputs / block, block, phases.length, taps]);
  return f.reshape(f.transpose(split, [2, 4, 0, 5, 1, 3]), [outputs * phases.length, inputs, rows.taps, columns.taps]);
}

const descending = (count: number) => Array.from({ length: count }, (_, i) => count - 1 - i);

/** Puts the phases' positions where they belong; zeros where no phase has any. */
function interleave(maps: Tensor, output: Tensor, [rows, columns]: Axes, phases: Phases, block: number): Tensor {
  const [batch, channels] = output.shape as [number, number];
  const { positions } = columns;
  const count = phases.length * rows.positions * positions;
  const isDense = phases.length === rows.stride * columns.stride;
  const source = (y: number, x: number) => {
    const [row, column] = [(y + rows.begin) % rows.stride, (x + columns.begin) % columns.stride];
    const phase = phases.findIndex(([a, b]) => a === row && b === column);
    if (phase < 0) return count;
    const [u, v] = [Math.floor((y + rows.begin) / rows.stride), Math.floor((x + columns.begin) / columns.stride)];
    return (phase * rows.positions + u) * positions + v;
  };
  const order = Array.from({ length: rows.size * columns.size }, (_, i) =>
    source(Math.floor(i / columns.size), i % columns.size),
  );
  const flat = f.reshape(maps, [batch, channels / block, count, block]);
  const { graph } = maps;
  const padded = isDense ? flat : f.emitOne("Pad", [flat, graph.ints([0, 0, 0, 0, 0, 0, 1, 0])]);
  return f.reshape(f.gather(padded, graph.ints(order), 2), output.shape);
}
