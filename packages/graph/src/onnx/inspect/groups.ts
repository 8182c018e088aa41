import type { ParameterFacts, ParameterGroup } from "./report.js";

const MOST_GROUPS = 12;

/** Tensors whose names begin alike. */
interface Branch {
  /** What all names begin with; the whole name where there is one only. */
  readonly prefix: string;
  readonly members: readonly ParameterFacts[];
}

/**
 * Groups parameters by the beginnings of their names, up to a separator: the largest groups are split first, as long as
 * the list stays short.
 */
export function parameterGroups(parameters: readonly ParameterFacts[]): ParameterGroup[] {
  let branches: Branch[] = parameters.length > 0 ? [{ prefix: "", members: parameters }] : [];
  const whole = new Set<Branch>();
  for (;;) {
    const largest = branches
      .filter((branch) => branch.members.length > 1 && !whole.has(branch))
      .sort((a, b) => valuesOf(b) - valuesOf(a))[0];
    if (!largest) break;
    const room = MOST_GROUPS - branches.length + 1;
    const parts = split(largest, room);
    if (parts.length <= 1 || parts.length > room) whole.add(largest);
    else branches = branches.flatMap((branch) => (branch === largest ? parts : [branch]));
  }
  return branches.map(toGroup);
}

/** Splits at the next separator, or more coarsely where that gives too many parts. */
function split({ prefix, members }: Branch, most: number): Branch[] {
  const start = commonStart(members.map(({ name }) => name).filter((name) => name !== prefix)) || prefix;
  const fine = partsBy(members, (name) => nextPrefix(name, start.length));
  if (fine.length <= most) return fine;
  return partsBy(members, (name) => stem(nextPrefix(name, start.length), start.length));
}

function partsBy(members: readonly ParameterFacts[], keyOf: (name: string) => string): Branch[] {
  const keys = [...new Set(members.map(({ name }) => keyOf(name)))].sort();
  // A key that another one begins with takes that one in, so that its pattern fits no names but its own.
  const shortest = new Map(keys.map((key) => [key, keys.find((other) => key.startsWith(other))!]));
  const parts = new Map<string, ParameterFacts[]>();
  for (const member of members) {
    const key = shortest.get(keyOf(member.name))!;
    parts.set(key, [...(parts.get(key) ?? []), member]);
  }
  return [...parts].map(([key, found]) => ({ prefix: found.length === 1 ? found[0]!.name : key, members: found }));
}

/** What names have in common, up to a separator. */
function commonStart(names: readonly string[]): string {
  const [first = "", ...rest] = names;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length).replace(/[^./:_]*$/, "");
}

/** A name up to and including its next separator, or its stem. */
function nextPrefix(name: string, from: number): string {
  const separator = /::|[./]/g;
  separator.lastIndex = from;
  const found = separator.exec(name);
  return found ? name.slice(0, found.index + found[0].length) : stem(name, from);
}

/** A name without the number at its end. */
function stem(name: string, from: number): string {
  return name.slice(0, from) + name.slice(from).replace(/_?\d*(:\d+)?(::|[./])?$/, "");
}

function toGroup({ prefix, members }: Branch): ParameterGroup {
  const isOne = members.length === 1 && members[0]!.name === prefix;
  const trainable = members.filter(({ status }) => status === "trainable");
  return {
    glob: isOne ? prefix : `${prefix}*`,
    tensors: members.length,
    values: valuesOf({ members }),
    trainable: valuesOf({ members: trainable }),
  };
}

function valuesOf({ members }: Pick<Branch, "members">): number {
  return members.reduce((sum, { values }) => sum + values, 0);
}
