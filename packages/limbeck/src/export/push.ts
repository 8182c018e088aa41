import type * as Hub from "@huggingface/hub";
import { LimbeckError } from "../support/errors.js";
import { Interrupted } from "../train/events.js";
import type { Files } from "./output.js";
import type { PushOptions } from "./push-options.js";

const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;
const VERSION = "2.17";
const EXISTS = 409;

/**
 * What can be told before anything is written.
 * @throws LimbeckError OPTION_INVALID for a name that is none, without a token, and where @huggingface/hub is not installed
 */
export async function preparePush({ repository, token }: PushOptions): Promise<typeof Hub> {
  if (!REPOSITORY.test(repository)) {
    throw new LimbeckError("OPTION_INVALID", `${repository} is no repository`, {
      value: repository,
      fix: "Name owner and repository, as in --push ada/digits.",
    });
  }
  if (!token) {
    throw new LimbeckError("OPTION_INVALID", "pushing needs a token of the hub", {
      fix: "Set HF_TOKEN to a token that may write to the repository.",
    });
  }
  try {
    return await import("@huggingface/hub");
  } catch (cause) {
    throw new LimbeckError("OPTION_INVALID", "pushing needs the package @huggingface/hub, which is not installed", {
      value: "@huggingface/hub",
      fix: `Run npm install @huggingface/hub@${VERSION}.`,
      cause,
    });
  }
}

/**
 * Uploads files to the hub as one commit; files that the repository has beside them stay.
 * @returns address of the commit
 * @throws LimbeckError PUSH_FAILED where the hub refuses, or cannot be reached; Interrupted
 */
export async function push(hub: typeof Hub, files: Files, title: string, options: PushOptions): Promise<string> {
  const { repository, isPrivate, signal } = options;
  const accessToken = options.token!;
  const shared = {
    repo: { type: "model", name: repository } as const,
    accessToken,
    ...(options.hubUrl ? { hubUrl: options.hubUrl } : {}),
  };
  try {
    await makeRepository(hub, { ...shared, ...(isPrivate ? { visibility: "private" } : {}) });
    const result = await hub.uploadFiles({
      ...shared,
      files: [...files].map(([path, content]) => ({ path, content: new Blob([content as Uint8Array<ArrayBuffer>]) })),
      commitTitle: title,
      ...(signal ? { abortSignal: signal } : {}),
    });
    return result!.commit.url;
  } catch (error) {
    if (signal?.aborted) throw new Interrupted();
    throw refused(repository, error);
  }
}

async function makeRepository(hub: typeof Hub, options: Parameters<typeof Hub.createRepo>[0]): Promise<void> {
  try {
    await hub.createRepo(options);
  } catch (error) {
    if (!(error instanceof hub.HubApiError) || error.statusCode !== EXISTS) throw error;
  }
}

/** The message of whatever went wrong, in a line; its cause tells of the network. */
function refused(repository: string, error: unknown): LimbeckError {
  const { message, cause } = error as Error;
  const reason = cause instanceof Error && cause.message ? `${message}: ${cause.message}` : message;
  return new LimbeckError("PUSH_FAILED", `the hub did not take ${repository}: ${reason.split("\n")[0]}`, {
    value: (error as { statusCode?: unknown }).statusCode,
    fix: "The exported folder is whole: export again with --force and --push once the hub can be reached and the token may write.",
    cause: error,
  });
}
