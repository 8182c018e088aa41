import type { numpy as np } from "@jax-js/jax";
import { batchAt, parametersOf } from "../problems/problem.js";
import type { Trainer } from "../process/trainer.js";
import type { Problem, ProblemTensor } from "../row.js";
import { aboutJax, type Jax, loadJax } from "./jax-js.js";

/** Weights and biases in turn, as the problem lists them. */
type Parameters = np.Array[];

type Step = (
  parameters: Parameters,
  momenta: Parameters,
  images: np.Array,
  labels: np.Array,
  teacherLogits: np.Array,
) => [np.Array, Parameters, Parameters];

/** jax-js's training step of the multi-layer perceptron: one `jit` from batch to new state. */
export async function start(problem: Problem): Promise<Trainer> {
  const jax = await loadJax();
  const put = ({ data, shape }: ProblemTensor) => jax.numpy.array(data, { shape: [...shape] });
  const step = jax.jit(compile(jax, problem)) as unknown as Step;
  let parameters: Parameters = Object.values(parametersOf(problem)).map(put);
  let momenta: Parameters = parameters.map(({ shape }) => jax.numpy.zeros(shape));
  return {
    about: aboutJax(),
    step: async (index) => {
      const { images, labels, teacherLogits } = batchAt(problem, index);
      const [loss, ...next] = step(parameters, momenta, put(images!), put(labels!), put(teacherLogits!));
      [parameters, momenta] = next;
      await jax.blockUntilReady(next);
      return (await loss.data())[0]!;
    },
  };
}

/** Functions of jax-js own their arguments: each use of an array but its last is a `.ref`. */
function compile(jax: Jax, { settings }: Problem): Step {
  const { learningRate, momentum } = settings;
  const lossOf = lossFunction(jax, settings);
  return (parameters, momenta, images, labels, teacherLogits) => {
    const shared = parameters.map((parameter) => parameter.ref);
    const [loss, gradients] = jax.valueAndGrad(lossOf)(shared, images, labels, teacherLogits);
    const buffers = momenta.map((buffer, i) => buffer.mul(momentum!).add(gradients[i]!));
    const updated = parameters.map((parameter, i) => parameter.sub(buffers[i]!.ref.mul(learningRate!)));
    return [loss, updated, buffers];
  };
}

function lossFunction({ nn, numpy }: Jax, { temperature, hardWeight }: Problem["settings"]) {
  return (parameters: Parameters, images: np.Array, labels: np.Array, teacherLogits: np.Array): np.Array => {
    let logits = images;
    for (let i = 0; i < parameters.length; i += 2) {
      const inputs = i === 0 ? logits : nn.relu(logits);
      logits = numpy.matmul(inputs, numpy.transpose(parameters[i]!)).add(parameters[i + 1]!);
    }
    const [batch, classes] = logits.shape as [number, number];
    const hard = nn.logSoftmax(logits.ref, -1).mul(nn.oneHot(labels, classes));
    const student = nn.logSoftmax(logits.div(temperature!), -1);
    const teacher = nn.logSoftmax(teacherLogits.div(temperature!), -1);
    const soft = numpy.exp(teacher.ref).mul(teacher.sub(student));
    const crossEntropy = numpy.sum(hard).mul(-hardWeight! / batch);
    const divergence = numpy.sum(soft).mul(((1 - hardWeight!) * temperature! ** 2) / batch);
    return crossEntropy.add(divergence);
  };
}
