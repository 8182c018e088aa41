import { z } from "zod";

const epochs = z.number().positive().optional();

/** How a term's weight changes during training. */
export const termSchedule = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("constant") }).meta({ description: "The weight stays as it is." }),
    z
      .strictObject({
        kind: z.literal("warm-up"),
        epochs: epochs.meta({ description: "Length. Default: a twelfth of the training, DKD's 20 of 240 epochs." }),
      })
      .meta({ description: "The weight climbs linearly from 0." }),
    z
      .strictObject({
        kind: z.literal("ramp"),
        epochs: epochs.meta({ description: "Length. Default: 80 of 300 epochs, as ONE has it." }),
      })
      .meta({ description: "The weight climbs slowly, then fast: exp(-5 (1 - t)²) (Laine & Aila 2017)." }),
    z
      .strictObject({
        kind: z.literal("cosine-decay"),
        to: z.number().min(0).max(1).default(0).meta({ description: "Share of the weight that is left at the end." }),
      })
      .meta({ description: "The weight falls along half a cosine over the whole training." }),
  ])
  .meta({
    id: "schedule",
    description: "How the term's weight changes during training. Default: the method's own, else constant.",
  });

/** How a term's weight changes during training, as a recipe writes it. */
export type TermSchedule = z.input<typeof termSchedule>;

const WARM_UP_SHARE = 20 / 240;
const RAMP_SHARE = 80 / 300;

/** Length of training. */
export interface TrainingLength {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/** The weight's factor at a step; steps count from 0. */
export function termFactor(schedule: TermSchedule, length: TrainingLength): (step: number) => number {
  const totalSteps = length.epochs * length.stepsPerEpoch;
  const rise = (epochs: number | undefined, share: number) => {
    const steps = Math.max(1, epochs === undefined ? totalSteps * share : epochs * length.stepsPerEpoch);
    return (step: number) => Math.min(1, (step + 1) / steps);
  };
  switch (schedule.kind) {
    case "constant":
      return () => 1;
    case "warm-up":
      return rise(schedule.epochs, WARM_UP_SHARE);
    case "ramp": {
      const progress = rise(schedule.epochs, RAMP_SHARE);
      return (step) => Math.exp(-5 * (1 - progress(step)) ** 2);
    }
    case "cosine-decay": {
      const { to = 0 } = schedule;
      return (step) => to + ((1 - to) * (1 + Math.cos((Math.PI * step) / Math.max(1, totalSteps - 1)))) / 2;
    }
  }
}

/** The epoch that a step belongs to, from 1, as a share of all; steps count from 0. */
export function trainingProgress({ epochs, stepsPerEpoch }: TrainingLength): (step: number) => number {
  return (step) => (Math.floor(step / stepsPerEpoch) + 1) / epochs;
}
