import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where what can be had again is kept: `LIMBECK_CACHE_DIR`, by default `limbeck` in the platform's cache folder. */
export function cacheFolder(env: Environment = process.env): string {
  return env.LIMBECK_CACHE_DIR || join(platformCache(env), "limbeck");
}

function platformCache(env: Environment): string {
  if (process.platform === "win32") return env.LOCALAPPDATA || join(homedir(), "AppData", "Local");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  return env.XDG_CACHE_HOME || join(homedir(), ".cache");
}
