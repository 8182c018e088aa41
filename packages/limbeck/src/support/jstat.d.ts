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
  };
  export default jstat;
}
