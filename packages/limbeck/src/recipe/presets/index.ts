import { functionMatching } from "./function-matching.js";
import { isMapping, type Preset } from "./preset.js";
import { tfKdSelf } from "./tf-kd-self.js";

export type { Preset } from "./preset.js";

/** Every preset. */
export const presets: readonly Preset[] = [functionMatching, tfKdSelf];

/** A written recipe with what its preset adds; anything else as it is, for validation to judge. */
export function expandPreset(written: unknown): unknown {
  if (!isMapping(written)) return written;
  const preset = presets.find(({ name }) => name === written.preset);
  return preset ? preset.expand(written) : written;
}
