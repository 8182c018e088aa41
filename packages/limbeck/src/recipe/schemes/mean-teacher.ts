import { z } from "zod";
import { viewsOption } from "./peers.js";
import type { Scheme } from "./scheme.js";

const options = z.strictObject({
  decay: z.number().min(0).lt(1).default(0.999).meta({
    description:
      "What is left of the average in a step, once training is under way: step t leaves the smaller of this and 1 - 1 / (t + 1), so that the average is a plain mean at first.",
  }),
  views: viewsOption,
});

/** The student learns from the moving average of what it has been. */
export const meanTeacher: Scheme<z.infer<typeof options>> = {
  name: "mean-teacher",
  description:
    "The student learns from the moving average of its own weights, which is usually a better model than it is.",
  wiring:
    "one training graph holds the student and its moving average; only the student is trained, and terms on a teacher's answers ask the average, which no gradient reaches; after each step the average takes in the weights that the step has made; it starts where the student starts, and answers in training mode, with dropout and batch statistics of its own; where images are augmented, it sees a view of its own",
  use: "Where there is no teacher and no memory for peers. What is gained grows with the noise between student and average: augment the images, or take a model with dropout. The average (`student-ema.onnx`) is often the better model even where terms gain little. Decays of 0.99 suit runs of a few hundred steps.",
  source:
    "Tarvainen & Valpola 2017, Mean teachers are better role models (NeurIPS), section 2, with the authors' early decay; their consistency cost is the squared difference of probabilities, here it is kd of temperature 1, ramped up as theirs",
  needs: [],
  gives: ["labels", "teacher logits", "features", "pairs of features", "student features", "adapters"],
  mentor: "its moving average",
  terms: [{ loss: "kd", temperature: 1, schedule: { kind: "ramp" } }, { loss: "cross-entropy" }],
  options,
  recipe:
    "scheme:\n  name: mean-teacher\n  decay: 0.99\ndistill: # the default\n  - { loss: kd, temperature: 1, schedule: { kind: ramp } }\n  - { loss: cross-entropy }",
  recorded: "recipes/mean-teacher.yaml: 148.7 ± 2.3 errors of 2,000, the lone baseline 149.7 ± 4.9: no difference",
};
