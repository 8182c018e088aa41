import { expect, it } from "vitest";
import { int4 } from "../../src/export/variants/quantized.js";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";

it("a form that makes nothing smaller is refused, not copied", async () => {
  const image = { channels: 1, height: 6, width: 6 };
  const net = buildModel({ family: "mlp", hidden: [8] }, image, 4);
  const model = toOnnxModel(net, image, initialize(net, 1));
  const making = int4.make({ model, samples: {} as never, feeds: () => (async function* () {})() });
  await expect(making).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED", message: expect.stringContaining("int4") });
});
