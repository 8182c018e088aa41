import { sampleLength } from "../../data/dataset.js";
import { areEmbeddings, type TaskResults } from "../../evaluate/results.js";
import { count } from "../../report/format.js";
import { describeTerms } from "../../runs/describe-terms.js";
import { type Member, membersOf } from "../../runs/members.js";
import type { SampleFacts } from "../../runs/sample-facts.js";
import type { Card } from "./card.js";
import { namedDataset } from "./front-matter.js";
import { inline, withoutFolder } from "./text.js";

/** What the student saw, and what judged it. */
export function dataSection(card: Card<TaskResults>): string {
  const { recipe, samples, results, run } = card.finished;
  const named = namedDataset(card);
  const trainedOn = areEmbeddings(results) ? undefined : results.trainedOn;
  const lines = [
    `- source: ${inline(withoutFolder(samples.source))}${named ? ` (${named.description}; ${named.source})` : ""}`,
    `- license: ${inline(recipe.card?.dataLicense ?? named?.license ?? "not stated")}`,
    `- ${count(samples.trainSize)} training and ${count(samples.testSize)} test ${samples.kind}s of ${contents(samples)}`,
    ...(trainedOn ? [`- the student itself learned from ${inline(trainedOn.student)}`] : []),
    ...(samples.classes.length > 0 ? [`- classes: ${classesText(samples.classes)}`] : []),
    ...(run.dataSha256 ? [`- sha256 of all samples: \`${run.dataSha256}\``] : []),
  ];
  return `## Data\n\n${lines.join("\n")}`;
}

function contents({ columns, text, ...samples }: SampleFacts): string {
  if (text) return `at most ${count(text.bytes)} bytes`;
  const size = `channels × height × width ${samples.channels} × ${samples.height} × ${samples.width}`;
  return `${count(sampleLength(samples))} values: ${columns ? `columns ${columns.map(inline).join(", ")}` : size}`;
}

/** More names than this are not for reading. */
const MOST_CLASSES = 50;

function classesText(classes: readonly string[]): string {
  const shown = classes.slice(0, MOST_CLASSES).map(inline).join(", ");
  return classes.length > MOST_CLASSES ? `${shown} and ${classes.length - MOST_CLASSES} more, see config.json` : shown;
}

/** Who taught, and by which terms. */
export function teacherSection({ finished }: Card<TaskResults>): string {
  const { recipe, run } = finished;
  const members = membersOf(recipe);
  const terms = describeTerms(recipe.distill).map((term) => `\`${term}\``);
  const sha256 = ({ where }: Member) => run.memberSha256?.[where] ?? run.teacherSha256;
  const lines = members.map((member) =>
    "onnx" in member.choice
      ? `- the file ${inline(withoutFolder(member.choice.onnx))}${sha256(member) ? `, sha256 \`${sha256(member)}\`` : ""}`
      : `- ${inline(describeMember(member))}`,
  );
  if (recipe.card?.teacher) lines.push(`- where it comes from: ${inline(recipe.card.teacher)}`);
  if (members.length > 0) lines.push(`- license: ${inline(recipe.card?.teacherLicense ?? licenseOf(members))}`);
  lines.push(`- scheme ${recipe.scheme.name}, with the terms ${terms.join(", ")}`);
  return `## Teacher\n\n${lines.join("\n")}`;
}

function describeMember({ choice }: Member): string {
  if ("http" in choice) return "a service that was asked for its answers";
  if (!("model" in choice)) return "a function of the program that was asked for its answers";
  if ("onnx" in choice.model)
    return `the file ${withoutFolder(String(choice.model.onnx))}, trained further by the run itself`;
  return `${choice.model.family}, trained by the run itself`;
}

/** A teacher that the run trained from nothing has none of its own. */
function licenseOf(members: readonly Member[]): string {
  return members.some(({ choice }) => !("model" in choice) || "onnx" in choice.model)
    ? "not stated"
    : "none of its own: it was trained on the data above";
}

export function licenseSection({ finished, license }: Card<TaskResults>): string {
  const { card } = finished.recipe;
  const authors = card?.authors ? ` Made by ${card.authors.map(inline).join(", ")}.` : "";
  const stated =
    license === undefined
      ? "Nobody has stated a license of this student. Data and teacher have theirs, and whoever publishes the student decides what follows from them."
      : `The student's license is ${inline(license)}.`;
  return `## License\n\n${stated}${authors}`;
}

/** What anyone should know who uses the student. */
export function limitsSection({ finished }: Card): string {
  const { recipe, samples, results } = finished;
  const always = [
    `It knows ${count(samples.classes.length)} classes and answers with one of them whatever it is given: there is no answer for "none of these".`,
    `Its probabilities are off by ${(100 * results.student.ece.mean).toFixed(1)} points on average (ECE), on data like those that it was tested on. On others nothing is known.`,
    ...(results.teacher ? ["It learned a teacher's mistakes along with its knowledge."] : []),
  ];
  return [
    "## Limits",
    ...(recipe.card?.limits ? [recipe.card.limits] : []),
    always.map((line) => `- ${line}`).join("\n"),
  ].join("\n\n");
}
