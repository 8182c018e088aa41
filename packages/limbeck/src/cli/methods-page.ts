import { losses } from "../losses/index.js";
import type { Loss } from "../losses/loss.js";
import { termSchedule } from "../losses/schedule.js";
import { unservedNeeds } from "../recipe/schema.js";
import { optionFacts, yamlText } from "../support/option-facts.js";

const INTRODUCTION = `# Methods

Losses that a student can be taught with. This page is printed by \`limbeck methods --markdown\`; \`limbeck methods kd\` tells
the same of one method, and \`--json\` prints it for programs.

Every loss is **summed over classes or features and averaged over samples**, and softened probabilities carry T². Published
weights are converted to that. The terms of a recipe's \`distill\` are added up, each times its weight:

\`\`\`yaml
distill:
  - { loss: dist, weight: 2 }
  - { loss: kd, schedule: { kind: cosine-decay, to: 0.1 } }
  - { loss: cross-entropy, weight: 0.1, schedule: { kind: warm-up, epochs: 5 } }
\`\`\`

Losses that look inside of the networks name a tap of each: \`{ loss: pkt, student: features, teacher: features }\`; an
unknown name is answered with those that there are. The teacher then runs inside of the training graph and sees the very images
that the student sees. Where a loss has an adapter, it trains with the student and is left out of the exported file (but for
\`simkd\`, whose projector and classifier are what the student answers by). Default weights are for usual sizes: a sum over features grows with them, so that a weight is to be chosen anew for other layers.

\`metrics.jsonl\` has the mean of each weighted term in every epoch, beside that of the whole loss.
`;

/** The page docs/methods.md. */
export function methodsPage(): string {
  return [INTRODUCTION, scheduleSection(), ...families().map(familySection)].join("\n");
}

function families(): [string, Loss[]][] {
  const names = [...new Set(losses.map(({ family }) => family))];
  return names.map((name) => [name, losses.filter(({ family }) => family === name)]);
}

function scheduleSection(): string {
  const rows = termSchedule.options.map((member) => {
    const { kind, ...rest } = member.shape;
    const options = optionFacts(member).filter(({ name }) => name in rest);
    const list = options.map(({ name, description }) => `\`${name}\`: ${description}`).join(" ");
    return `| \`${[...kind.values][0]}\` | ${member.meta()?.description} | ${list} |`;
  });
  return ["## Schedules", "", "| kind | what the weight does | options |", "|---|---|---|", ...rows, ""].join("\n");
}

/** What is to be said of a whole family. */
const NOTES: Readonly<Record<string, string>> = {
  explanation: `The student is to look where the teacher looks. \`cam\` is the CNN paper of that idea (e2KD) in a form without second
derivatives; "explanation guided knowledge distillation" is also the title of a paper on language models (Yang et al. 2024),
which these are not. The name "TFTKD", by which some lists call such a transfer between CNNs, could not be traced to a paper: what
it is used for is covered by \`cat-kd\`, \`cam\` and, on middle layers and without labels, \`at\`. \`saliency\`
compares gradients by the pixels, which every architecture has.
`,
};

function familySection([family, members]: [string, Loss[]]): string {
  const rows = members.map(({ name, description }) => `| [\`${name}\`](#${name}) | ${description} |`);
  const title = `## ${family[0]!.toUpperCase()}${family.slice(1)} losses`;
  const note = NOTES[family];
  const table = [title, "", ...(note ? [note] : []), "| method | |", "|---|---|", ...rows, ""].join("\n");
  return [table, ...members.map(methodSection)].join("\n");
}

function methodSection(loss: Loss): string {
  const { name, description, formula, use, source, needs, weight = 1, schedule } = loss;
  const usual = [
    ...(weight === 1 ? [] : [`weight ${weight}`]),
    ...(schedule ? [`schedule \`${yamlText(schedule)}\``] : []),
  ];
  const facts = [
    `**Formula:** ${formula}.`,
    `**When to use it:** ${use}`,
    `**Needs:** ${needs.join(", ")}.${usual.length > 0 ? ` **Usual term:** ${usual.join(", ")}.` : ""}`,
    `**Source:** ${source}.`,
  ];
  return [`### ${name}`, description, "", facts.join("  \n"), "", ...optionTable(loss), ...snippet(loss), ""].join(
    "\n",
  );
}

function optionTable({ options }: Loss): string[] {
  const rows = optionFacts(options).map(({ name, takes, default: fallback, description }) => {
    const shown = fallback === undefined ? "" : `\`${yamlText(fallback)}\``;
    return `| \`${name}\` | ${takes.replaceAll("|", "or")} | ${shown} | ${description} |`;
  });
  return rows.length > 0 ? ["| option | takes | default | |", "|---|---|---|---|", ...rows, ""] : [];
}

function snippet(loss: Loss): string[] {
  const missing = unservedNeeds(loss);
  if (missing.length > 0) return [`Not in recipes yet: nothing gives it ${missing.join(", ")}.`];
  return ["```yaml", "distill:", ...loss.recipe.split("\n").map((line) => `  ${line}`), "```"];
}
