import { z } from "zod";

/** What a record says of one of its options. */
export interface OptionFacts {
  readonly name: string;
  /** What it takes, in words. */
  readonly takes: string;
  /** Undefined where the option must or may be left out. */
  readonly default: unknown;
  readonly description: string;
}

/** What is used of an option's JSON schema. */
interface OptionSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly oneOf?: readonly OptionSchema[];
  readonly $ref?: string;
  readonly items?: OptionSchema;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
}

/** The options of a schema, in order. */
export function optionFacts(options: z.ZodObject): OptionFacts[] {
  const { properties = {} } = z.toJSONSchema(options, { io: "input" }) as OptionSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    takes: takesText(schema),
    default: schema.default,
    description: schema.description ?? "",
  }));
}

function takesText(schema: OptionSchema): string {
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === "array" && schema.items) return `list of: ${takesText(schema.items)}`;
  if (schema.oneOf ?? schema.$ref) return "record";
  if (schema.type === "boolean") return "true | false";
  const name = schema.type === "integer" ? "whole number" : (schema.type ?? "value");
  return [name, ...bounds(schema)].join(" ");
}

function bounds({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: OptionSchema): string[] {
  const unbounded = (value: number) => Math.abs(value) >= Number.MAX_SAFE_INTEGER;
  const words = { from: minimum, above: exclusiveMinimum, "up to": maximum, below: exclusiveMaximum };
  return Object.entries(words).flatMap(([word, value]) =>
    value === undefined || unbounded(value) ? [] : [`${word} ${value}`],
  );
}

/** A value as YAML writes it. */
export function yamlText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yamlText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${key}: ${yamlText(inner)}`);
  return `{ ${pairs.join(", ")} }`;
}
