import { z } from "zod";
import { dataFree, moments } from "./data-free.js";
import type { Scheme } from "./scheme.js";

/** How rows are made. */
export const SYNTHESES = ["copula", "munge", "spunge"] as const;

const options = z.strictObject({
  by: z.enum(SYNTHESES).default("copula").meta({
    description:
      "copula: from moments alone. munge and spunge: by changes to a small sample of real rows, which `data.transfer.size` asks for.",
  }),
  moments,
  rounds: z.int().positive().default(200).meta({ description: "Batches in an epoch; all are new." }),
  probability: z.number().min(0).max(1).optional().meta({
    description: "Of munge and spunge: how likely a cell is changed. Default: 0.5 for munge, 0.1 for spunge.",
  }),
  localVariance: z.number().positive().default(1).meta({
    description: "Of munge: the distance to the neighbor, divided by this, is the deviation of what is drawn.",
  }),
  noise: z.number().min(0).default(0.1).meta({
    description: "Of spunge: deviation of the noise on changed cells of numbers, as a share of the column's.",
  }),
});

/** What a recipe says of the scheme. */
export type SynthesisOptions = z.infer<typeof options>;

/** Rows or windows that are drawn, not learned, with the teacher's answers. */
export const synthesis: Scheme<SynthesisOptions> = {
  ...dataFree,
  name: "synthesis",
  mentor: "synthesized rows",
  maker: (samples, { by }) =>
    by === "copula"
      ? `All of its ${samples} were drawn from moments that are stored with the teacher (means, deviations, quantiles, correlations), and the teacher answered them`
      : `All of its ${samples} were made of some real training ${samples} by ${by}, and the teacher answered them`,
  description:
    "Data-free, for rows and windows: they are drawn from moments that were stored with the teacher, or made of a few real ones.",
  wiring:
    "batch after batch is drawn anew, the frozen teacher answers it, and the student learns from these answers; labels are not looked at. The baseline is the same student, taught by the same teacher with as many steps on normal noise with each column's mean and deviation",
  use: "Where tables or sensor windows may not leave the place where the teacher was trained, but means, quantiles and correlations may; or where a hundred rows are left. For images it has nothing: dfad. What moments tell of single rows is said in docs/moments.md.",
  source:
    "Nelsen 2006, An Introduction to Copulas, for copula (Gaussian); Bucilua, Caruana & Niculescu-Mizil 2006, Model Compression (KDD), section 3.3, for munge, whose numbers for continuous attributes it follows, with single rows drawn in the place of passes; Fakoor et al. 2020, Fast, Accurate, and Simple Models for Tabular Data via Augmented Distillation (NeurIPS), for the comparison with munge; AutoGluon's shares (10 % of cells, noise 0.1) for spunge",
  terms: [{ loss: "kd", temperature: 1 }],
  options,
  recipe:
    "data: { source: { table: rows.csv, label: failure }, test: 2000 }\nscheme: { name: synthesis, moments: teacher.moments.json }\nteacher: { onnx: teacher.onnx, layout: nchw }\nstudent:\n  model: { family: mlp, hidden: [16] }\n  train: { epochs: 20 } # of 200 batches",
  recorded:
    "recipes/windows.yaml (sensor windows of C-MAPSS FD001, three seeds): 79.38 ± 0.56 % from drawn windows, 64.98 ± 0.82 % from noise with the same means and deviations; the teacher has 78.82 %. recipes/windows-munge.yaml, from 100 real windows: 75.88 %. recipes/rows.yaml (AI4I 2020, five seeds): no difference: 97.36 ± 0.07 % from drawn rows, 97.53 ± 0.24 % from noise with the same means and deviations; the teacher has 98.23 %",
};
