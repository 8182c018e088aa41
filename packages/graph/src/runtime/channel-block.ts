import { withBlockedOperators } from "../blocked/operators.js";
import { Graph } from "../graph.js";
import { toOnnx } from "../onnx/encode.js";
import { operatorTable } from "../ops/table.js";
import type { Backend } from "./backend.js";

/** Fewest channels that ONNX Runtime reorders; its blocks are larger. */
const FEWEST = 4;

/**
 * How many channels ONNX Runtime's CPU kernels take together on this machine, or nothing where they have no blocked layout.
 * It is read off the padding of the fewest channels that can be reordered.
 */
export async function channelBlock(backend: Pick<Backend, "createSession" | "tensor">): Promise<number | undefined> {
  const graph = new Graph(withBlockedOperators(operatorTable));
  const image = graph.input("image", "float32", [1, FEWEST, 1, 1]);
  graph.output("blocked", graph.emit("ReorderInput", [image])[0]!);
  try {
    const session = await backend.createSession(toOnnx(graph), { threads: 1 });
    const { blocked } = await session.run({
      image: backend.tensor("float32", new Float32Array(FEWEST), [1, FEWEST, 1, 1]),
    });
    await session.release();
    const block = blocked!.dims[1]!;
    return block > FEWEST ? block : undefined;
  } catch {
    return undefined;
  }
}
