import type { z } from "zod";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Without a preset, the student's training has to say what it must say. */
const UNLESS_PRESET = {
  if: { required: ["preset"] },
  else: { properties: { student: { required: ["model", "train"], properties: { train: { required: ["epochs"] } } } } },
};

/** A recipe's JSON schema that lets a preset fill in the student's training. */
export function allowPresets(recipe: JsonSchema): JsonSchema {
  const relaxed = within(recipe, "student", (student) => ({
    ...within(student, "train", (train) => ({ ...train, required: [] })),
    required: ["model"],
  }));
  return { ...relaxed, allOf: [UNLESS_PRESET] };
}

function within(schema: JsonSchema, key: string, change: (inner: JsonSchema) => JsonSchema): JsonSchema {
  const { properties } = schema;
  return { ...schema, properties: { ...properties, [key]: change(properties![key] as JsonSchema) } };
}
