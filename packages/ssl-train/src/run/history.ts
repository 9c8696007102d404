/** Numbers of one logged step. The same in every run of the same seed. */
export interface HistoryEntry {
  /** Finished updates, counted from 1. */
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** The method's metrics, and `gradientNorm` where gradients are clipped. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Numbers that an observer returned, for example the accuracy of a kNN classifier. */
export interface Evaluation {
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Name of the observer, where it has one. */
  readonly observer?: string;
}
