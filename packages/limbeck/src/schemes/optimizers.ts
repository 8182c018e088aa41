import { adam, adamw, type Optimizer, sgd } from "@limbeck/graph";
import type { OptimizerChoice } from "../recipe/schema.js";

/** The optimizer that a recipe names. */
export function buildOptimizer(choice: OptimizerChoice): Optimizer {
  switch (choice.name) {
    case "sgd":
      return sgd(choice);
    case "adam":
      return adam(choice);
    case "adamw":
      return adamw(choice);
  }
}
