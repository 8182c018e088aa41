import { percent, type Rule } from "../rule.js";

const MOST = 0.05;

export const knownImages: Rule = {
  name: "known-images",
  when: `The teacher is right on the transfer set by ${100 * MOST} points more than on held-out images.`,
  source: "Beyer et al. 2022, Knowledge Distillation: A Good Teacher Is Patient and Consistent",
  advise: ({ teacher: { transfer, heldOut } }) => {
    if (transfer.accuracy - heldOut.accuracy < MOST) return undefined;
    return `The teacher knows the transfer set by heart (right on ${percent(transfer.accuracy)}, and on ${percent(heldOut.accuracy)} of held-out images): its answers there tell less than those to new images would. Augment the student's images, or distill on images that the teacher has not seen.`;
  },
};
