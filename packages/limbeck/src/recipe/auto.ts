/** Stands for terms that are chosen for the pair of networks once the data are known. */
export const AUTO = "auto";
