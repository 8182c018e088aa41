import { AUGMENTATIONS, SOUND_AUGMENTATIONS } from "../data/augment/index.js";
import type { Finding } from "./mixing.js";
import { schemeNamed } from "./schemes/index.js";
import {
  type AudioSource,
  type FolderSource,
  has,
  isAudio,
  isFiles,
  isFolder,
  isIterable,
  isOfNumbers,
  isTexts,
  type TextSource,
} from "./source.js";

interface OfSource {
  readonly data: { readonly source: unknown; readonly transfer?: Transfer | undefined };
  readonly scheme: Readonly<Record<string, unknown>>;
  readonly teacher?: object | undefined;
  readonly assistants: readonly object[];
  readonly student: object;
  readonly variants: readonly object[];
}

interface Trained {
  readonly model?: { readonly family?: unknown } | undefined;
  readonly train?: { readonly augment?: readonly { readonly name?: unknown }[] | undefined } | undefined;
}

/** All of a recipe that is trained, or may be. */
function trainedParts({ teacher, assistants, student, variants }: OfSource): [Trained, Finding["path"]][] {
  const all = (parts: readonly object[], ...path: Finding["path"]) =>
    parts.map((part, i): [Trained, Finding["path"]] => [part, [...path, i]]);
  const { ensemble = [], specialists = [] } = (teacher ?? {}) as Partial<Record<string, readonly object[]>>;
  return [
    [student, ["student"]],
    [teacher ?? {}, ["teacher"]],
    ...all(ensemble, "teacher", "ensemble"),
    ...all(specialists, "teacher", "specialists"),
    ...all(assistants, "assistants"),
    ...all(variants, "variants"),
  ];
}

/** What a recipe asks for that there is not for its samples. */
export function unfitForSource(recipe: OfSource): Finding[] {
  const { data, scheme } = recipe;
  const changes = [...unfitFamilies(recipe), ...unfitChanges(recipe)];
  if (isFolder(data.source)) return [...changes, ...unfitForFolder(data.source, recipe)];
  if (isAudio(data.source)) {
    return [...changes, ...unfitPretraining(recipe, "sounds"), ...unfitForFolder(data.source, recipe)];
  }
  const samples = samplesOf(data.source);
  if (samples === "images" || samples === "sounds") return changes;
  return [
    ...(samples === "files" ? unfitForFiles(recipe) : []),
    ...(isTexts(data.source) ? unfitForTexts(data.source, recipe) : []),
    ...changes,
    ...unfitPretraining(recipe, samples),
    ...(scheme.related === undefined
      ? []
      : [{ path: ["scheme", "related"], message: `related images are no control for ${samples}; leave it out` }]),
  ];
}

/** What a source's samples are. */
function samplesOf(source: unknown): "rows" | "files" | "texts" | "sounds" | "images" {
  if (isOfNumbers(source)) return "rows";
  if (isFiles(source)) return "files";
  if (isTexts(source)) return "texts";
  return isAudio(source) ? "sounds" : "images";
}

/** A family that reads bytes takes nothing else. */
function unfitFamilies(recipe: OfSource): Finding[] {
  const { source } = recipe.data;
  const samples = samplesOf(source);
  if (samples === "texts" || samples === "files" || isIterable(source)) return [];
  return trainedParts(recipe).flatMap(([{ model }, path]): Finding[] => {
    if (model?.family !== "ngrams") return [];
    return [
      { path: [...path, "model", "family"], message: `ngrams reads bytes of texts, and this source has ${samples}` },
    ];
  });
}

/** Augmentations of other samples than the source's. */
function unfitChanges(recipe: OfSource): Finding[] {
  const samples = samplesOf(recipe.data.source);
  const others = samples === "sounds" ? AUGMENTATIONS : SOUND_AUGMENTATIONS;
  const mayChange = samples === "sounds" || samples === "images";
  return trainedParts(recipe).flatMap(([{ train }, path]): Finding[] => {
    const augment = train?.augment ?? [];
    const place = augment.findIndex(({ name }) => !mayChange || Object.hasOwn(others, String(name)));
    if (place < 0) return [];
    const at = [...path, "train", "augment"];
    if (!mayChange) {
      return [
        { path: at, message: `augmentations change images or sounds, and this source has ${samples}; leave it out` },
      ];
    }
    const kind = samples === "sounds" ? "images" : "sounds";
    return [
      { path: [...at, place], message: `${augment[place]!.name} changes ${kind}, and this source has ${samples}` },
    ];
  });
}

/** Pretraining sees parts of images. */
function unfitPretraining({ scheme }: OfSource, samples: string): Finding[] {
  const message = `${scheme.name} learns from parts of images, and this source has ${samples}`;
  return pretrains(scheme) ? [{ path: ["scheme"], message }] : [];
}

const pretrains = ({ name }: OfSource["scheme"]) => schemeNamed(String(name)).pretrains === true;

/** What nobody has labelled gets its labels from the teacher, before any student learns. */
function unfitForFolder({ unlabelled }: FolderSource | AudioSource, recipe: OfSource): Finding[] {
  const { teacher, scheme } = recipe;
  if (unlabelled === undefined || (teacher && "onnx" in teacher) || pretrains(scheme)) return [];
  if (isSelfTaught(teacher)) return unfitDraws(recipe);
  const message =
    "what is unlabelled has the teacher's answers for labels: name an ONNX file, networks to be trained or an ensemble of both that does not weigh them by labels; or leave them out";
  return [{ path: ["data", "source", "unlabelled"], message }];
}

/** Texts nobody has labelled may also be those of a teacher that is only asked. */
function unfitForTexts({ unlabelled }: TextSource, recipe: OfSource): Finding[] {
  const { teacher } = recipe;
  if (unlabelled === undefined || (teacher && "onnx" in teacher)) return [];
  if (isSelfTaught(teacher) || has(teacher, "http") || has(teacher, "function")) return unfitDraws(recipe);
  const message =
    "what is unlabelled has the teacher's answers for labels: name a service to ask, an ONNX file, networks to be trained or an ensemble that does not weigh them by labels; or leave them out";
  return [{ path: ["data", "source", "unlabelled"], message }];
}

/** Samples of some classes cannot be counted before a teacher has said which those are. */
function unfitDraws({ data, variants }: OfSource): Finding[] {
  const message =
    "how many samples of these classes there are is known once the teacher is trained; leave size out, or the classes";
  const draws: [Transfer | undefined, Finding["path"]][] = [
    [data.transfer, ["data", "transfer", "size"]],
    ...(variants as readonly { transfer?: Transfer }[]).map(
      ({ transfer }, v): [Transfer | undefined, Finding["path"]] => {
        return [transfer, ["variants", v, "transfer", "size"]];
      },
    ),
  ];
  return draws.flatMap(([transfer, path]) =>
    transfer?.size !== undefined && (transfer.only ?? transfer.without) ? [{ path, message }] : [],
  );
}

interface Transfer {
  readonly size?: number | undefined;
  readonly only?: unknown;
  readonly without?: unknown;
}

/** Whether a teacher is made of networks that are trained, and files, and sees no label once it is there. */
function isSelfTaught(teacher: OfSource["teacher"]): boolean {
  const { ensemble = [teacher], combine } = (teacher ?? {}) as { ensemble?: readonly object[]; combine?: string };
  return combine !== "correctness" && ensemble.every((member) => has(member, "train") || has(member, "onnx"));
}

/** Files have no labels of their own. */
function unfitForFiles({ teacher }: OfSource): Finding[] {
  if (teacher && "onnx" in teacher) return [];
  const message = "files have the teacher's answers for labels, so that it must be there before: name an ONNX file";
  return [{ path: ["teacher"], message }];
}
