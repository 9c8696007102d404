/** Which samples an epoch has, in which order; a pure function of the epoch. */
export interface Sampler {
  /** Samples in one epoch. */
  readonly length: number;
  /** Numbers of the samples of an epoch in order, [length]. */
  indices(epoch: number): Int32Array;
}
