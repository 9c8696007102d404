/**
 * What distributed training asks of the processes that train together. Ranks call the same methods in the same order with
 * arrays of the same lengths, and each call ends when all of them have made it. None writes into the array that it is given.
 */
export interface Collective {
  /** This process, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /** Sum over the ranks, element by element: the same on every rank. */
  allReduce(data: Float32Array): Float32Array | Promise<Float32Array>;
  /** The arrays of all ranks one after the other, by rank. */
  allGather<D extends Float32Array | Int32Array>(data: D): D | Promise<D>;
}
