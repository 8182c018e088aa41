import { losses } from "../losses/index.js";
import { type Loss, mixesSamples } from "../losses/loss.js";
import { termSchedule } from "../losses/schedule.js";
import { type Preset, presets } from "../recipe/presets/index.js";
import { optionFacts, yamlText } from "../support/option-facts.js";
import { optionTable } from "./option-table.js";

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
unknown name is answered with those that there are, and \`<answer>\` is what a network answers. A pattern (\`*/relu*\`) must fit one value. Taps of a teacher from an ONNX file
are its values, which \`limbeck inspect\` lists. The teacher then runs inside of the training graph and sees the very images
that the student sees ([Augmentation](augmentation.md)). Where a loss has an adapter, it trains with the student and is left out
of the exported file (but for \`simkd\`, whose projector and classifier are what the student answers by). So is what a loss
remembers: a memory bank has a row for each sample of the transfer set, and is filled as samples are met. Default weights are for
usual sizes: a sum over features grows with them, so that a weight is to be chosen anew for other layers.

Losses that need no teacher (\`ps-kd\`, \`cs-kd\`, \`tf-kd-virtual\`, \`tf-fd-intra\`, \`tf-fd-inter\`, \`cross-entropy\`: see what each needs)
may stand alone. A recipe whose terms need none may leave out \`teacher\`; what compares with a teacher is then left out of the report.
Losses that look at several layers of the student alone (\`tf-fd-intra\`, \`tf-fd-inter\`) name a list of its taps.

\`distill: auto\` chooses terms by rules that look at both networks and the transfer set: how much larger the teacher is, whether
its inside can be tapped, where both have the same kind of layers, how many samples there are of a class, and whether some
classes are missing. The same pair always gets the same terms; the run says why, and its folder's recipe holds them.

\`metrics.jsonl\` has the mean of each weighted term in every epoch, beside that of the whole loss.
`;

/** The page docs/methods.md. */
export function methodsPage(): string {
  return [INTRODUCTION, scheduleSection(), presetSection(), ...families().map(familySection)].join("\n");
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

function presetSection(): string {
  const entries = presets.map(({ name, description, sets, use, source, recipe }: Preset) => {
    const facts = [`**Sets:** ${sets}.`, `**When to use it:** ${use}`, `**Source:** ${source}.`];
    return [`### ${name}`, description, "", facts.join("  \n"), "", "```yaml", recipe, "```", ""].join("\n");
  });
  return ["## Presets", "", PRESET_NOTE, ...entries].join("\n");
}

const PRESET_NOTE = `A preset fills in settings that belong together. What a recipe says itself stays as it is, and the run folder's
\`recipe.yaml\` has everything written out.
`;

/** What is to be said of a whole family. */
const NOTES: Readonly<Record<string, string>> = {
  explanation: `The student is to look where the teacher looks. What each is:

- \`cam\` is e2KD ("Good Teachers Explain", Parchami-Araghi, Böhle, Rao & Schiele 2024) with Grad-CAM: for networks that end in
  an average over places and one linear layer, Grad-CAM is the class activation map up to a factor, so that no second
  derivative is needed.
- \`saliency\` matches gradients by the pixels, which every architecture has: e2KD with input gradients, or Jacobian matching.
- \`cat-kd\` is Class Attention Transfer (Guo et al. 2023).
- \`at\`, among the feature losses, is Attention Transfer (Zagoruyko & Komodakis 2017): middle layers, no classes, no labels.

"Explanation Guided Knowledge Distillation" is also the title of a paper on language models (Yang et al. 2024), which none of these
is. The acronym "TFTKD", by which some lists call a transfer of reasoning between CNNs, could not be traced to any paper, so
that nothing here claims to be it. What the name is used for, bringing what one CNN attends to into another, with a teacher
or without, is covered by \`cat-kd\`, \`cam\` and \`at\` with one. Without, there is \`tf-kd-virtual\`, the teacher-free distillation
(Tf-KD) whose teacher is made up from labels; its feature twin Tf-FD is not there yet.

Whether the student looks where the teacher looks is measured in every run: agreement, divergence and the cosine of both networks'
class activation maps stand in the report beside accuracy.
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
    `**Needs:** ${needs.join(", ")}.${usual.length > 0 ? ` **Usual term:** ${usual.join(", ")}.` : ""}${mixingNote(loss)}`,
    `**Source:** ${source}.`,
  ];
  return [
    `### ${name}`,
    description,
    "",
    facts.join("  \n"),
    "",
    ...optionTable(loss.options),
    ...snippet(loss),
    "",
  ].join("\n");
}

function mixingNote(loss: Loss): string {
  return mixesSamples(loss) ? "" : " Undefined for mixed images (`mixup`, `cutmix`).";
}

function snippet(loss: Loss): string[] {
  return ["```yaml", "distill:", ...loss.recipe.split("\n").map((line) => `  ${line}`), "```"];
}
