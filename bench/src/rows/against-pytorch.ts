import { measureOurs } from "../ours/measure.js";
import { pytorch } from "../peers/pytorch.js";
import type { Row } from "../row.js";

/**
 * A row of a network that `ours/<network>.ts` and `peers/<network>.py` train.
 * @param name of the row
 */
export function againstPytorch(
  network: string,
  { name, description, problem }: Pick<Row, "name" | "description" | "problem">,
): Row {
  const trainer = new URL(`../ours/${network}.js`, import.meta.url);
  // Python is not compiled: the script stays among the sources.
  const script = new URL(`../../src/peers/${network}.py`, import.meta.url);
  return {
    name,
    description,
    unit: "ms",
    problem,
    ours: (task) => measureOurs(trainer, task),
    peers: [pytorch(script)],
  };
}
