import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { z } from "zod";
import { canonicalJson } from "../../support/json.js";
import { SMALLEST } from "../onnx/answers.js";
import type { HttpTeacherOptions } from "./options.js";
import { type BlackBox, noAnswer, type Question } from "./source.js";

/** More than any sensible answer, in bytes. */
const LONGEST = 64 * 2 ** 20;
/** First wait before a request is repeated, and the longest, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 60_000;
/** Channels of images that a PNG can hold. */
const PICTURES = [1, 3];

const rows = z.array(z.array(z.number()));
const answered = z.union([z.looseObject({ logits: rows }), z.looseObject({ probabilities: rows })]);

/** A service that is asked by HTTP. @param env where headers find their variables */
export function httpTeacher(options: HttpTeacherOptions, env: NodeJS.ProcessEnv = process.env): BlackBox {
  const { http, version, send, batch, concurrency, perMinute } = options;
  return {
    identity: Buffer.from(canonicalJson({ http, version, send })),
    batch,
    concurrency,
    perMinute,
    answer: async (question, classes, signal) => {
      const body = JSON.stringify(await bodyOf(question, send));
      const text = await ask(options, { body, headers: headersOf(options, env) }, signal);
      return logitsOf(http, text, question.count, classes);
    },
  };
}

/** `${NAME}` in headers is an environment variable. @throws LimbeckError TEACHER_FAILED where there is none */
function headersOf({ http, headers }: HttpTeacherOptions, env: NodeJS.ProcessEnv): Record<string, string> {
  const filled = Object.entries(headers).map(([name, value]) => {
    const text = value.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => {
      const found = env[variable];
      if (found) return found;
      throw noAnswer(
        http,
        `header ${name} needs the environment variable ${variable}, which is not set`,
        variable,
        `Set ${variable} and go on with \`limbeck resume\`.`,
      );
    });
    return [name, text];
  });
  return { ...Object.fromEntries(filled), "content-type": "application/json", accept: "application/json" };
}

async function bodyOf(question: Question, send: HttpTeacherOptions["send"]): Promise<object> {
  const { images, count, channels, height, width, isTable, texts, classes } = question;
  if (texts) return { texts, classes };
  const length = channels * height * width;
  const samples = Array.from({ length: count }, (_, i) => images.subarray(i * length, (i + 1) * length));
  const shape = [channels, height, width];
  if (isTable) return { shape, inputs: samples.map((sample) => [...sample]) };
  const bytes = samples.map((sample) => Uint8Array.from(sample, (value) => Math.round(value * 255)));
  if (send === "numbers" || !PICTURES.includes(channels)) return { shape, inputs: bytes.map((sample) => [...sample]) };
  const pngs = bytes.map((sample) => png(sample, question));
  return { shape, images: await Promise.all(pngs) };
}

/** An image as a PNG in base64. @param planes [C, H, W] */
async function png(planes: Uint8Array, { channels, height, width }: Question): Promise<string> {
  const size = height * width;
  const pixels = Uint8Array.from(
    { length: planes.length },
    (_, i) => planes[(i % channels) * size + Math.floor(i / channels)]!,
  );
  const raw = { width, height, channels: channels as 1 | 3 };
  return (
    await sharp(pixels, { raw })
      .toColorspace(channels === 1 ? "b-w" : "srgb")
      .png()
      .toBuffer()
  ).toString("base64");
}

interface Post {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The text of an answer; asked again where that may help. */
async function ask({ http, retries, timeout }: HttpTeacherOptions, post: Post, signal: AbortSignal): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await once(http, post, AbortSignal.any([signal, AbortSignal.timeout(timeout * 1000)]));
    signal.throwIfAborted();
    if ("text" in outcome) return outcome.text;
    if (outcome.isFinal || attempt >= retries) {
      const times = attempt > 0 ? ` (asked ${attempt + 1} times)` : "";
      throw noAnswer(
        http,
        `the teacher does not answer: ${outcome.problem}${times}`,
        outcome.problem,
        "Put that right and go on with `limbeck resume`: what was answered is kept.",
      );
    }
    const wait = outcome.wait ?? FIRST_WAIT * 2 ** attempt;
    await sleep(Math.min(LONGEST_WAIT, wait), undefined, { signal });
  }
}

type Outcome =
  | { readonly text: string }
  | { readonly problem: string; readonly isFinal: boolean; readonly wait?: number | undefined };

async function once(url: string, { body, headers }: Post, signal: AbortSignal): Promise<Outcome> {
  try {
    const response = await fetch(url, { method: "POST", body, headers, signal });
    const text = await readLimited(response);
    if (text === undefined) return { problem: `more than ${LONGEST} bytes came`, isFinal: true };
    if (response.ok) return { text };
    const isFinal = response.status < 500 && response.status !== 429 && response.status !== 408;
    const problem =
      `HTTP ${response.status} ${response.statusText}`.trim() + (text === "" ? "" : `: ${text.slice(0, 200)}`);
    return { problem, isFinal, wait: patience(response.headers.get("retry-after")) };
  } catch (error) {
    const { message, cause } = error as Error;
    const { code } = (cause ?? {}) as NodeJS.ErrnoException;
    return { problem: code ? `${message}: ${code}` : message, isFinal: false };
  }
}

/** Milliseconds that a server asks to wait. */
function patience(header: string | null): number | undefined {
  const seconds = header === null ? Number.NaN : Number(header);
  return seconds >= 0 ? seconds * 1000 : undefined;
}

async function readLimited(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > LONGEST) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** @throws LimbeckError TEACHER_FAILED */
function logitsOf(url: string, text: string, count: number, classes: number): Float32Array {
  const wrong = (what: string) =>
    noAnswer(
      url,
      `the teacher's answer ${what}`,
      text.slice(0, 200),
      `It takes {"logits": [[…], …]} or {"probabilities": [[…], …]}: ${count} rows of ${classes} numbers.`,
    );
  const parsed = answered.safeParse(parse(text, wrong));
  if (!parsed.success) throw wrong(`has neither logits nor probabilities: ${text.slice(0, 80)}`);
  const given =
    "logits" in parsed.data
      ? (parsed.data.logits as number[][])
      : (parsed.data.probabilities as number[][]).map((row) => row.map((p) => Math.log(Math.max(p, SMALLEST))));
  if (given.length !== count) throw wrong(`has ${given.length} rows to ${count} samples`);
  const short = given.find((row) => row.length !== classes);
  if (short) throw wrong(`has a row of ${short.length} numbers for ${classes} classes`);
  return Float32Array.from(given.flat());
}

function parse(text: string, wrong: (what: string) => Error): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(`is no JSON: ${text.slice(0, 80)}`);
  }
}
