import { idxDataset } from "./idx-dataset.js";
import type { NamedDataset } from "./named.js";

const BASE = "https://storage.googleapis.com/cvdf-datasets/mnist/";

/**
 * MNIST: handwritten digits, 28 × 28, gray. Of the two editions accepted, "class-ordered" is a re-packing that holds the
 * same images sorted by class.
 */
export const mnist: NamedDataset = idxDataset({
  name: "mnist",
  description: "handwritten digits, 60,000 for training and 10,000 for testing, 28 × 28, gray",
  license: "CC BY-SA 3.0",
  hub: "ylecun/mnist",
  source: "https://yann.lecun.com/exdb/mnist/",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  files: {
    trainImages: {
      name: "train-images-idx3-ubyte.gz",
      url: `${BASE}train-images-idx3-ubyte.gz`,
      bytes: 9_912_422,
      sha256: {
        official: ["440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
        "class-ordered": ["ddf6d6b570ea8e7d4a14b0b6866fa935dff165b42d468d2ec27dc2ba9a685922"],
      },
    },
    trainLabels: {
      name: "train-labels-idx1-ubyte.gz",
      url: `${BASE}train-labels-idx1-ubyte.gz`,
      bytes: 28_881,
      sha256: {
        official: ["3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
        "class-ordered": ["802213983972e3a1284c603720a31c1c739f51e0140ec6605470bc0154e2d5e5"],
      },
    },
    testImages: {
      name: "t10k-images-idx3-ubyte.gz",
      url: `${BASE}t10k-images-idx3-ubyte.gz`,
      bytes: 1_648_877,
      sha256: {
        official: ["8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
        "class-ordered": ["d29e6c09df03daf64a19a2a47a433937649597824170f2737152475749a7a251"],
      },
    },
    testLabels: {
      name: "t10k-labels-idx1-ubyte.gz",
      url: `${BASE}t10k-labels-idx1-ubyte.gz`,
      bytes: 4_542,
      sha256: {
        official: ["f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
        "class-ordered": ["819da457064a474e2f7cb5b33832014f1d8f832c93795db237dc97f965265d99"],
      },
    },
  },
});
