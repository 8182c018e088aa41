import { z } from "zod";

const text = (description: string) => z.string().min(1).optional().meta({ description });

/** What only people know of a student, for its model card. Nothing is computed from it. */
export const cardOptions = z
  .strictObject({
    license: text("License of the student, as an SPDX identifier such as apache-2.0."),
    authors: z.array(z.string().min(1)).min(1).optional().meta({ description: "Who made the student." }),
    datasets: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .meta({ description: "Data sets by their names on the hub." }),
    dataLicense: text("License of the data. Default: that of a named data set."),
    teacher: text("The teacher's name on the hub, or where it comes from."),
    teacherLicense: text("License of the teacher."),
    use: text("What the student is for."),
    limits: text("What it is not for, and where it is known to fail."),
    tags: z.array(z.string().min(1)).default([]).meta({ description: "Further tags." }),
  })
  .meta({ description: "What the model card of an exported student says beside what was measured." });
