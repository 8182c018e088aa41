import { basename } from "node:path";
import type { DeclaredValue, ModelInspection, Obstacle, TapFacts, UnreadNode } from "@limbeck/graph";
import { bold, formatBytes, formatCount, formatQuantity, formatTable, wrapText } from "./format.js";

const MOST_OPERATORS = 12;
const MOST_OBSTACLES = 6;

/** The whole picture of a model, for people. */
export function inspectionText(path: string, inspection: ModelInspection): string {
  const sections = [
    facts(path, inspection),
    operators(inspection),
    unread(inspection),
    parameters(inspection),
    training(inspection),
    landmarks(inspection),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function facts(path: string, { model, inputs, outputs, dims }: ModelInspection): string {
  const { producer, producerVersion, irVersion, opsets, bytes, externalData } = model;
  const beside = externalData.reduce((sum, file) => sum + file.bytes, 0);
  const others =
    externalData.length > 0 ? `, and ${formatBytes(beside)} in ${externalData.length} files beside it` : "";
  const rows = [
    ["producer", `${producer || "not stated"} ${producerVersion}`.trimEnd()],
    ["format", `ONNX IR ${irVersion}, ${opsetList(opsets)}`],
  ];
  const named = (role: string) => (value: DeclaredValue) => [role, value.name, typeText(value)];
  const lines = [
    bold(`${basename(path)}  ${formatBytes(bytes)}${others}`),
    formatTable(rows, 2),
    formatTable([...inputs.map(named("input")), ...outputs.map(named("output"))], 3),
  ];
  if (dims.length > 0) lines.push(...wrapText(`Figures are for ${dimsText(dims)}.`, ""));
  const open = exampleOf(dims);
  if (open) lines.push(`Set other sizes with --dim '${open}=SIZE'.`);
  return lines.join("\n");
}

/** A dimension that was not asked for: the last one, since the first is the batch. */
function exampleOf(dims: ModelInspection["dims"]): string | undefined {
  return dims.findLast(({ given }) => !given)?.name;
}

function dimsText(dims: ModelInspection["dims"]): string {
  return dims.map(({ name, size }) => `${name} = ${size}`).join(", ");
}

function opsetList(opsets: Readonly<Record<string, number>>): string {
  const { "ai.onnx": own, ...others } = opsets;
  const list = Object.entries(others).map(([domain, version]) => `${domain} ${version}`);
  return [
    `opset ${own ?? "not stated"}`,
    ...(list.length > 3 ? [...list.slice(0, 2), `${list.length - 2} more`] : list),
  ].join(", ");
}

function typeText({ dtype, shape }: DeclaredValue): string {
  return dtype === null ? "no tensor" : `${dtype} ${shape ? shapeText(shape) : "of unknown shape"}`;
}

function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

function operators({ operators }: ModelInspection): string {
  const shown = operators.slice(0, MOST_OPERATORS);
  const rest = operators.slice(MOST_OPERATORS);
  const sum = (key: "count" | "macs" | "flops" | "uncounted", of = operators) =>
    of.reduce((total, o) => total + o[key], 0);
  const cell = (value: number, uncounted: number) =>
    uncounted > 0 && value === 0 ? "?" : value === 0 ? "-" : formatQuantity(value);
  const row = (name: string, of: typeof operators) => {
    const [count, unknown] = [sum("count", of), sum("uncounted", of)];
    return [name, formatCount(count), cell(sum("macs", of), unknown), cell(sum("flops", of), unknown)];
  };
  const table = formatTable([
    ["operators", "count", "MACs", "FLOPs"],
    ...shown.map((facts) => row(facts.operator, [facts])),
    ...(rest.length > 0 ? [row(`${rest.length} more kinds`, rest)] : []),
    row("total", operators),
  ]);
  const uncounted = sum("uncounted");
  const lines = boldFirst(table).concat("A MAC is 2 FLOPs; any other function is 1 for each element.");
  if (uncounted > 0) lines.push(`At least: the cost of ${plural(uncounted, "node")} is not known.`);
  return lines.join("\n");
}

function boldFirst(table: string): string[] {
  const [first = "", ...rest] = table.split("\n");
  return [bold(first), ...rest];
}

/** Nodes that could not be read, those first at which the trouble began. */
function unread({ unread, dims }: ModelInspection): string {
  if (unread.length === 0) return "";
  const origins = unread.filter(({ kind }) => kind !== "follows");
  const after = unread.length - origins.length;
  const groups = new Map<string, UnreadNode[]>();
  for (const node of origins)
    groups.set(`${node.operator}: ${node.reason}`, [...(groups.get(`${node.operator}: ${node.reason}`) ?? []), node]);
  const lines = [...groups.values()].slice(0, MOST_OBSTACLES).flatMap((nodes) => {
    const { operator, reason } = nodes[0]!;
    const names = nodeList(nodes.map(({ node }) => node));
    return wrapText(reason.startsWith(operator) ? `${names}: ${reason}` : `${operator} (${names}): ${reason}`, "  ");
  });
  if (groups.size > MOST_OBSTACLES) lines.push(`  and ${groups.size - MOST_OBSTACLES} more reasons`);
  if (after > 0) lines.push(`  and ${plural(after, "node")} after these`);
  const open = exampleOf(dims);
  if (open && origins.some(({ kind }) => kind === "refused")) {
    lines.push(`  Sizes that were assumed may be too small: try --dim '${open}=SIZE'.`);
  }
  return [bold(`not read: ${plural(unread.length, "node")}`), ...lines].join("\n");
}

function nodeList(nodes: readonly string[]): string {
  const [first = "", ...rest] = nodes;
  return rest.length > 0 ? `${first} and ${formatCount(rest.length)} more` : first;
}

function parameters({ parameters }: ModelInspection): string {
  const { total, trainable, bytes, groups, tensors } = parameters;
  const amount = (value: number) => (value > 0 ? formatCount(value) : "-");
  const table = formatTable(
    [
      ["tensors", "values", "trainable", "parameters"],
      ...groups.map((group) => [formatCount(group.tensors), amount(group.values), amount(group.trainable), group.glob]),
      [formatCount(tensors.length), amount(total), amount(trainable), `total, ${formatBytes(bytes)}`],
    ],
    0,
    1,
  );
  return boldFirst(table).join("\n");
}

function training({ training, parameters, unread }: ModelInspection): string {
  const { extent, quantized, obstacles } = training;
  const lost = parameters.tensors
    .filter(({ status }) => status === "blocked" || status === "unreached")
    .reduce((sum, { values }) => sum + values, 0);
  const sentences = {
    whole: "a loss on the outputs trains every weight.",
    part: `a loss on the outputs cannot train ${formatCount(lost)} values.`,
    "forward only": quantized
      ? "forward only: the model is quantized. It can teach, not learn."
      : "forward only: no gradient gets from the outputs to any weight.",
    unknown: "not known: the nodes that were not read stand between weights and outputs.",
  };
  const lines = wrapText(`training: ${sentences[extent]}`, "");
  const shown = obstacles.filter(({ blocks }) => blocks > 0);
  const told = new Set(unread.map(({ reason }) => reason));
  lines.push(...shown.slice(0, MOST_OBSTACLES).flatMap((found) => obstacle(found, told.has(found.reason))));
  if (shown.length > MOST_OBSTACLES) lines.push(`  and ${shown.length - MOST_OBSTACLES} more kinds of nodes`);
  return [bold(lines[0]!), ...lines.slice(1)].join("\n");
}

function obstacle({ operator, reason, nodes, blocks }: Obstacle, isTold = false): string[] {
  const place = `${operator} (${nodeList(nodes)}), behind it ${formatCount(blocks)} values`;
  return wrapText(isTold ? place : `${place}: ${reason}`, "  ");
}

function landmarks({ taps }: ModelInspection): string {
  const chosen = taps.filter(({ landmark }) => landmark);
  if (taps.length === 0) return "";
  const shown = chosen.length > 0 ? chosen : taps.slice(-6);
  const more =
    taps.length > shown.length
      ? `\n${formatCount(shown.length)} of ${formatCount(taps.length)} values; --taps '*' lists all.`
      : "";
  return tapsText(shown) + more;
}

/** Values that a loss can look at. */
export function tapsText(taps: readonly TapFacts[]): string {
  const rows = taps.map(({ shape, dtype, operator, name }) => [shapeText(shape), dtype, operator, name]);
  return boldFirst(formatTable([["shape", "type", "operator", "value to tap"], ...rows], 4)).join("\n");
}

const STATUS = { trainable: "yes", blocked: "blocked", unreached: "no gradient", fixed: "no" } as const;

/** Weights, and whether a loss on the outputs trains them. */
export function weightsText({ parameters, training }: ModelInspection): string {
  const rows = parameters.tensors.map(({ values, status, dtype, shape, name }) => [
    formatCount(values),
    STATUS[status],
    `${dtype} ${shapeText(shape)}`,
    name,
  ]);
  const trained = parameters.tensors.filter(({ status }) => status === "trainable");
  const total = trained.reduce((sum, { values }) => sum + values, 0);
  const table = formatTable([["values", "trainable", "type", "weight"], ...rows], 0, 2);
  const lines = [
    ...boldFirst(table),
    `${formatCount(total)} values in ${plural(trained.length, "tensor")} can be trained.`,
  ];
  const isBlocked = parameters.tensors.some(({ status }) => status === "blocked");
  if (isBlocked)
    lines.push(
      "Nodes without gradient on the way to the outputs:",
      ...training.obstacles.slice(0, MOST_OBSTACLES).flatMap((found) => obstacle(found)),
    );
  return lines.join("\n");
}
