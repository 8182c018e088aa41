import { z } from "zod";

const describe = (description: string) => ({ description });

/** How fast a black box is asked. */
const pacing = {
  batch: z.int().positive().max(4096).default(32).meta(describe("Samples of one request.")),
  concurrency: z.int().positive().max(64).default(2).meta(describe("Requests under way at once.")),
  perMinute: z.int().positive().optional().meta(describe("Requests that are begun in a minute at most.")),
};

/** What a recipe says of a teacher that is a function of the program which runs it. */
export const functionTeacherOptions = z.strictObject({
  function: z
    .string()
    .min(1)
    .meta(
      describe(
        "Name and version of what the function does: kept answers are of one name. The function itself is given to distill() and resume().",
      ),
    ),
  ...pacing,
});

/** What a recipe says of a teacher that is asked over the network. */
export const httpTeacherOptions = z.strictObject({
  http: z
    .url({ protocol: /^https?$/ })
    .meta(describe("Where samples are posted to as JSON; answers are logits or probabilities.")),
  version: z
    .string()
    .min(1)
    .default("1")
    .meta(describe("Change it when the service answers otherwise than before: kept answers are of one version.")),
  send: z
    .enum(["png", "numbers"])
    .default("png")
    .meta(describe("How an image is sent: a PNG in base64, or its bytes as numbers. Rows are sent as numbers.")),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string())
    .default({})
    .meta(describe("Headers of each request. \u0024{NAME} stands for an environment variable.")),
  ...pacing,
  retries: z
    .int()
    .min(0)
    .max(20)
    .default(5)
    .meta(
      describe("How often a request is repeated that met a lost connection, a full queue (429) or a failing server."),
    ),
  timeout: z.number().positive().default(60).meta(describe("Seconds that a request may take.")),
});

export type HttpTeacherOptions = z.output<typeof httpTeacherOptions>;
export type FunctionTeacherOptions = z.output<typeof functionTeacherOptions>;

/** Whether a teacher is only asked. */
export function isBlackBox(teacher: object): teacher is HttpTeacherOptions | FunctionTeacherOptions {
  return "http" in teacher || "function" in teacher;
}
