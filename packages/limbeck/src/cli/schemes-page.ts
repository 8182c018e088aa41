import { type Scheme, schemes } from "../recipe/schemes/index.js";
import { optionTable } from "./option-table.js";

const INTRODUCTION = `# Schemes

How models and losses are wired together. This page is printed by \`limbeck schemes --markdown\`; \`limbeck schemes mutual\` tells
the same of one scheme, and \`--json\` prints it for programs.

A recipe names one (\`scheme: mutual\`, or a record with options), and \`offline\` where it names none. Losses do not know which
scheme runs them: the terms of \`distill\` may be any that need nothing but what the scheme gives
([Methods](methods.md)). Whatever the scheme, a run trains the same student without it as the baseline, on the same schedule, has
checkpoints from which it goes on bit for bit, and ends with the same report.

**Without training images** (\`dfad\`, \`dafl\`, \`zskt\`, \`deep-inversion\`, \`cmi\`, \`fast-dfkd\`). A generator makes the images, or they are trained themselves, and real ones are used for testing only. The baseline
is then no student of labels, for which there are no images: it is the same student, taught by the same teacher with as many steps on
random noise. \`related\` adds the variant \`related-data\`, a student taught on real images of something else. Data-free figures mean
little without these two. Images have pixels around 0.5 unless \`mean\` and \`std\` say what the teacher's had: two numbers that go with
every preprocessing. The report shows what was made; the generator's values are in the student's checkpoint, as \`generator/…\`, kept images as
\`inversion/memory\`.

**What a teacher remembers of its training images** (\`statistics\`, on in \`deep-inversion\`, \`cmi\` and \`fast-dfkd\`, an option of the others). A batch
normalization keeps the mean and the variance of what it has read in training, for each channel. Images are made to have the same:
‖μ - μ_run‖ + ‖σ² - σ²_run‖, added up over all BatchNormalization nodes between the images and the answers. They are found by
their operator, and their inputs by place, so that names do not matter. A teacher that the run trains has them, and so has an ONNX
file that was exported for it; most are not, because exporters fold batch normalizations into the convolutions before them, which
changes no answer and leaves no statistics. \`do_constant_folding=False\` alone does not keep PyTorch from that; this does:

\`\`\`python
model.eval()
torch.onnx.export(model, images, "teacher.onnx", training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
\`\`\`

\`limbeck inspect teacher.onnx\` lists the operators. Limbeck's own \`teacher.onnx\` and \`student.onnx\` are folded; a run
that trains a teacher with batch normalizations writes it once more as it was trained, as \`teacher.unfolded.onnx\`. A teacher without
such nodes is refused before anything is trained, and one in which some convolutions look folded as well: they have a bias, and no
batch normalization behind them. \`statistics: 0\` goes on without, \`normalization: found\` with those that are left.

**Without training rows** (\`synthesis\`, \`dfad\`, \`dafl\` and \`zskt\`). Where the data are a table, networks standardize rows inside of themselves, by the
means and deviations of their training part; these, with quantiles and correlations, are its moments ([Moments](moments.md)). A run
writes them beside the teacher (\`teacher.moments.json\`), and a later one reads them (\`moments\`). \`synthesis\` draws rows from them; a
generator makes rows of dense layers. The control is noise with the same mean and deviation in each column.

**Several models of one training.** The student is the first; its values have their plain names in checkpoints, those of the
others begin with \`peer2/\`, \`peer3/\` and so on, those of a moving average with \`ema/\`, those
of further branches with \`branch2/\` and so on. All are measured on the test samples, in the terminal, the report and \`--json\`
(\`peers\`), and exported (\`student.onnx\`, \`student-peer2.onnx\`, …). \`student.onnx\` is always the model that the recipe calls the student:
choosing the one with the fewest test errors would make its test errors a minimum over peers, and no fair figure beside
the baseline's. To ship another one, \`limbeck export RUN --peer peer2\`, or \`--peer best\`: the card then says how it was chosen. Those that are the student's own model are compared with the baseline too; others have no baseline of their own yet.

**One model with several ends.** The exits of \`early-exits\` are measured and exported like peers (\`exit1\`, \`student-exit1.onnx\`, …), each from
the input on. \`student.onnx\` is the deepest exit, without the others. \`student-exits.onnx\` gives the answers of all in one pass
(outputs \`exit1\`, …, \`logits\`). Results have a table of what becomes of accuracy and cost when a sample leaves at the first exit
that is sure enough: the cost is that of a program that runs the stages one after another and stops, which one call of ONNX Runtime
does not.

**Images without labels** (\`dino\`). A run has two trainings for each student: one on all images, which is fed no labels, and one on the
labelled ones by the terms of \`distill\`, whose schedule (\`student.train\`) is the baseline's too. \`labels: 100\` uses so many labels of a labelled
data set; folders may bring \`unlabelled\` photos, and need no teacher then. What is exported is a usual classifier: the projection head
is gone. With \`frozen: true\` labels train the last layer alone. Before that, features are judged by their nearest neighbors (\`results.features\`): each test sample gets the class for which
its 20 nearest labelled samples vote, with weights exp(cosine / 0.07), of at most 5,000; the same network untrained is the control. In \`metrics.jsonl\` the phase
\`student/seed-2/pretraining\` has these errors too, and the parts of its loss: \`teacher-entropy\` and \`kl\`. Where kl goes to 0, answers no longer
depend on the image; entropy says which way: near 0 one prototype wins, near the logarithm of \`prototypes\` all are equal. A lower learning rate,
a colder teacher or more momentum help.

This differs from the paper. A student takes images of one size, so that small parts are enlarged to the whole size: each of them costs as much
as a large one, where the paper's take a fifth of it. The head has batch normalizations: a LeNet, which
has none, collapsed in a run without them at a learning rate of 0.001. The weight decay stays what it is, gradients are not clipped, and pixels are sampled bilinearly.
`;

/** The page docs/schemes.md. */
export function schemesPage(): string {
  const rows = schemes.map(
    ({ name, needs, description }) => `| [\`${name}\`](#${name}) | ${needsText(needs)} | ${description} |`,
  );
  const table = ["| scheme | needs | |", "|---|---|---|", ...rows, ""].join("\n");
  return [INTRODUCTION, table, ...schemes.map(schemeSection)].join("\n");
}

/** What a scheme needs, for people. */
export const needsText = (needs: Scheme["needs"]) => (needs.length > 0 ? needs.join(", ") : "nothing");

function schemeSection({ name, description, options, recipe, ...scheme }: Scheme): string {
  const facts = [
    `**Wiring:** ${scheme.wiring}.`,
    `**When to use it:** ${scheme.use}`,
    `**Needs:** ${needsText(scheme.needs)}. **Its terms may need:** ${scheme.gives.join(", ")}.`,
    `**Recorded:** ${scheme.recorded}.`,
    `**Source:** ${scheme.source}.`,
  ];
  const snippet = ["```yaml", recipe, "```", ""];
  return [`## ${name}`, "", description, "", facts.join("  \n"), "", ...optionTable(options), ...snippet].join("\n");
}
