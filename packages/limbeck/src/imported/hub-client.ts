import { LimbeckError } from "../support/errors.js";

type Hub = typeof import("@huggingface/hub");

/** Environment variables that the hub's own tools read as well. */
export function accessOf(env: NodeJS.ProcessEnv): { hubUrl?: string; accessToken?: string } {
  return {
    ...(env.HF_ENDPOINT ? { hubUrl: env.HF_ENDPOINT.replace(/\/+$/, "") } : {}),
    ...(env.HF_TOKEN ? { accessToken: env.HF_TOKEN } : {}),
  };
}

/** The client of the hub is loaded where a recipe needs it. @throws LimbeckError DOWNLOAD_FAILED where it is not installed */
export async function loadHub(): Promise<Hub> {
  try {
    return await import("@huggingface/hub");
  } catch (cause) {
    throw new LimbeckError("DOWNLOAD_FAILED", "the client of the Hugging Face hub is not installed", {
      where: "@huggingface/hub",
      fix: "npm install @huggingface/hub, or download the file yourself and name its path.",
      cause,
    });
  }
}

/**
 * Asks the hub; what it refuses is told, what may pass is thrown as it is.
 * @param where the address, for messages
 */
export async function askHub<Answer>(where: string, question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    const refusal = refused(where, (error as { statusCode?: number }).statusCode, (error as Error).message);
    throw refusal ?? error;
  }
}

/** What an HTTP status means that asking again would not change. */
export function refused(where: string, status: number | undefined, message: string): LimbeckError | undefined {
  if (status === 401 || status === 403) {
    return unreadable(where, `the hub refuses it (${message}); set HF_TOKEN to a token that may read it`);
  }
  return status === 404 ? unreadable(where, "the hub has no such repository, revision or file") : undefined;
}

/** @param names addresses that may have been meant */
export function unreadable(where: string, reason: string, names: readonly string[] = []): LimbeckError {
  const some = names.slice(0, 6);
  return new LimbeckError("DOWNLOAD_FAILED", `${where} could not be read: ${reason}`, {
    where,
    value: names,
    fix:
      some.length > 0
        ? `Name one: ${some.join(", ")}.`
        : "Check the name, or download the file yourself and name its path.",
  });
}
