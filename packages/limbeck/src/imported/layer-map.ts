/** An integer of a name: `{i}`, `{2i}`, `{2i+1}`. */
const NUMBER = /\{(\d*)i(?:([+-])(\d+))?\}/g;

/** Parts of a pattern: text, `*`, and numbers a·i + b. */
type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "number"; readonly step: number; readonly offset: number };

/** Reads a pattern of names: `*` stands for any characters, `{2i+1}` for the number 2i + 1. */
function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  const addText = (text: string) => {
    text.split("*").forEach((piece, i) => {
      if (i > 0) parts.push({ kind: "any" });
      if (piece !== "") parts.push({ kind: "text", text: piece });
    });
  };
  let end = 0;
  for (const found of pattern.matchAll(NUMBER)) {
    addText(pattern.slice(end, found.index));
    const [whole, step, sign, offset] = found;
    parts.push({ kind: "number", step: step ? Number(step) : 1, offset: Number(`${sign ?? ""}${offset ?? 0}`) });
    end = found.index + whole.length;
  }
  addText(pattern.slice(end));
  return parts;
}

/** What keeps a pair of patterns from being a rule; undefined where nothing does. */
export function wrongRule(donor: string, student: string): string | undefined {
  const [from, to] = [partsOf(donor), partsOf(student)];
  const count = (parts: readonly Part[], kind: Part["kind"]) => parts.filter((part) => part.kind === kind).length;
  const stars = [count(from, "any"), count(to, "any")];
  if (stars[0] !== stars[1])
    return `"${donor}" has ${stars[0]} *, and "${student}" ${stars[1]}: what each stands for is put in order`;
  if (count(to, "number") > 0 && count(from, "number") === 0)
    return `"${student}" counts with {i}, and "${donor}" does not`;
  return from.some((part) => part.kind === "number" && part.step === 0)
    ? `"${donor}" never counts: its step is 0`
    : undefined;
}

/** Gives the student's name for a donor's, where a rule is for it. */
export function renamer(donor: string, student: string): (name: string) => string | undefined {
  const from = partsOf(donor);
  const to = partsOf(student);
  const pieces = from.map((part) =>
    part.kind === "text" ? part.text.replace(/[.+^${}()|[\]\\?]/g, "\\$&") : part.kind === "any" ? "(.*)" : "(\\d+)",
  );
  const shape = new RegExp(`^${pieces.join("")}$`, "s");
  const captured = from.filter(({ kind }) => kind !== "text");
  return (name) => {
    const groups = shape.exec(name)?.slice(1);
    if (!groups) return undefined;
    const stars = groups.filter((_, k) => captured[k]!.kind === "any");
    const numbers = captured.flatMap((part, k) =>
      part.kind === "number" ? [(Number(groups[k]) - part.offset) / part.step] : [],
    );
    const i = numbers[0] ?? 0;
    if (numbers.some((number) => number !== i) || !Number.isInteger(i) || i < 0) return undefined;
    return to
      .map((part) =>
        part.kind === "text" ? part.text : part.kind === "any" ? stars.shift()! : String(part.step * i + part.offset),
      )
      .join("");
  };
}
