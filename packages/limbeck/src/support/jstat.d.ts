/** The part of jstat that is used; the package has no types of its own. */
declare module "jstat" {
  const jstat: {
    readonly studentt: {
      /** Probability that Student's t with `dof` degrees of freedom is at most `x`. */
      cdf(x: number, dof: number): number;
    };
    readonly normal: {
      /** The number that a normal one is smaller than with probability `p`. */
      inv(p: number, mean: number, std: number): number;
    };
    readonly beta: {
      /** Probability that a number with the beta distribution of `alpha` and `beta` is at most `x`. */
      cdf(x: number, alpha: number, beta: number): number;
    };
    /** Quantiles of at least two numbers; with `alphap` and `betap` 1 they are interpolated as NumPy does. */
    quantiles(values: readonly number[], shares: readonly number[], alphap: number, betap: number): number[];
  };
  export default jstat;
}
