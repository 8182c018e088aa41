/** Where an exported folder is uploaded to. A file of its own, so that its types ask for no package that may be missing. */
export interface PushOptions {
  /** `owner/name` of a model repository; made where there is none. */
  readonly repository: string;
  /** A token of the hub that may write. */
  readonly token: string | undefined;
  /** Make a new repository private. Default: as the owner's settings have it. */
  readonly isPrivate?: boolean | undefined;
  /** Address of the hub. Default: the public one. */
  readonly hubUrl?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}
