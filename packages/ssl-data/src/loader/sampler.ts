/** Which samples an epoch has, in which order; a pure function of the epoch. */
export interface Sampler {
  /** Samples in one epoch. */
  readonly length: number;
  /** Numbers of the samples of an epoch in order, `[length]`. */
  indices(epoch: number): Int32Array;
  /**
   * How many times each sample came before in the epoch, over all ranks, `[length]`: the views of the second copy of a
   * sample differ from those of the first. Left out, copies are counted in the order of `indices(epoch)`, which only a
   * sampler that hands out part of an order must do by itself.
   */
  copies?(epoch: number): Int32Array;
}
