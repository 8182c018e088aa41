import { idxDataset } from "./idx-dataset.js";
import type { NamedDataset } from "./named.js";

const BASE = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/";

/**
 * Fashion-MNIST: pictures of clothing, 28 × 28, gray. The second sha256 of each file is that of Debian's package
 * dataset-fashion-mnist, which holds the same bytes compressed again.
 */
export const fashionMnist: NamedDataset = idxDataset({
  name: "fashion-mnist",
  description: "pictures of clothing, 60,000 for training and 10,000 for testing, 28 × 28, gray",
  license: "MIT",
  hub: "zalando-datasets/fashion_mnist",
  source: "https://github.com/zalandoresearch/fashion-mnist",
  classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  files: {
    trainImages: {
      name: "train-images-idx3-ubyte.gz",
      url: `${BASE}train-images-idx3-ubyte.gz`,
      bytes: 26_421_880,
      sha256: {
        official: [
          "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
          "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7",
        ],
      },
    },
    trainLabels: {
      name: "train-labels-idx1-ubyte.gz",
      url: `${BASE}train-labels-idx1-ubyte.gz`,
      bytes: 29_515,
      sha256: {
        official: [
          "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
          "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056",
        ],
      },
    },
    testImages: {
      name: "t10k-images-idx3-ubyte.gz",
      url: `${BASE}t10k-images-idx3-ubyte.gz`,
      bytes: 4_422_102,
      sha256: {
        official: [
          "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
          "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa",
        ],
      },
    },
    testLabels: {
      name: "t10k-labels-idx1-ubyte.gz",
      url: `${BASE}t10k-labels-idx1-ubyte.gz`,
      bytes: 5_148,
      sha256: {
        official: [
          "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
          "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05",
        ],
      },
    },
  },
});
