import { join } from "node:path";
import {
  areEmbeddings,
  type ModelResult,
  type PeerResult,
  type RunResults,
  type TaskResults,
} from "../evaluate/results.js";
import { LimbeckError } from "../support/errors.js";
import { readModelFile } from "../support/model-file.js";
import type { FinishedRun } from "./finished-run.js";

/** In the place of a name: the model whose exported file makes the fewest test errors, be it the student. */
const BEST = "best";

const STUDENT = "student";

/**
 * The run with one of the models that learned beside its student in the student's place.
 * @param asked its name, such as `peer2`, or `best`. Default: the student stays
 * @throws LimbeckError OPTION_INVALID where there is no such model; FILE_MISSING, FILE_UNREADABLE without its file
 */
export function withPeer(finished: FinishedRun<TaskResults>, asked: string | undefined): FinishedRun<TaskResults> {
  if (asked === undefined || asked === STUDENT) return finished;
  const { results, path } = finished;
  if (areEmbeddings(results) || !results.peers) throw withoutPeers(asked);
  const { peers, student } = results;
  const chosenAmong = asked === BEST ? peers.length + 1 : undefined;
  const name = asked === BEST ? bestOf(student, peers) : asked;
  if (name === undefined) return { ...finished, peer: { name: STUDENT, chosenAmong: peers.length + 1 } };
  const found = peers.find((peer) => peer.name === name);
  if (!found) throw unknownPeer(asked, peers);
  return {
    ...finished,
    results: inPlace(results, found),
    family: found.family,
    student: readModelFile(join(path, `student-${name}.onnx`)).bytes,
    peer: { name, ...(chosenAmong === undefined ? {} : { chosenAmong }) },
  };
}

/** The peer with fewer errors than any other and the student; undefined where that is the student. */
function bestOf(student: ModelResult, peers: readonly PeerResult[]): string | undefined {
  const errorsOf = ({ errors }: ModelResult) => errors[0]!;
  const fewest = Math.min(...[student, ...peers].map(errorsOf));
  return errorsOf(student) === fewest ? undefined : peers.find((peer) => errorsOf(peer) === fewest)!.name;
}

/** A baseline of another network than the peer's says nothing of it. */
function inPlace({ peers: _, ...results }: RunResults, { name: _name, family: _family, verdict, ...peer }: PeerResult) {
  return { ...results, student: peer, verdict, baseline: verdict ? results.baseline : null };
}

function withoutPeers(asked: string): LimbeckError {
  return new LimbeckError("OPTION_INVALID", "nothing learned beside this run's student", {
    where: "peer",
    value: asked,
    fix: "Leave --peer out.",
  });
}

function unknownPeer(asked: string, peers: readonly PeerResult[]): LimbeckError {
  return new LimbeckError("OPTION_INVALID", `no model named ${asked} learned beside this run's student`, {
    where: "peer",
    value: asked,
    fix: `Use ${[...peers.map(({ name }) => name), BEST].join(", ")}, or leave it out for the student.`,
  });
}
