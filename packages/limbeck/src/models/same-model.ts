import { createGraph, printGraph } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { declareTensors, type Model } from "./model.js";

/** Whether two models train in the same way: they are of one architecture, and drop the same shares of values. */
export function isSameModel(one: Model, other: Model, geometry: ImageGeometry): boolean {
  return trainingText(one, geometry) === trainingText(other, geometry);
}

function trainingText(model: Model, { channels, height, width }: ImageGeometry): string {
  const graph = createGraph();
  // Normalization of a batch takes more than one sample.
  const images = graph.input("images", "float32", [2, channels, height, width]);
  graph.output("logits", model.forward(images, declareTensors(model, graph), true).logits);
  return printGraph(graph);
}
