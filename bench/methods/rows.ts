import type { PictureSetName } from '../pictures/picture-set.js';
import type { Conditions } from '../runs/conditions.js';

/** What a method may use. */
export interface Budget {
  /** First pictures of the training set. */
  readonly images: number;
  readonly epochs: number;
  readonly batchSize: number;
}

/** What features are worth, as shares. */
export interface Figures {
  /** kNN (20 neighbours) with the labels of all pictures that were trained on. */
  readonly knn: number;
  /** Linear probes with 10, 60 and 600 labels per class, as far as there are so many; mean of draws. */
  readonly probe10: number;
  readonly probe60?: number;
  readonly probe600?: number;
  /** Share of test pictures whose nearest neighbour in the gallery shows the same. */
  readonly found?: number;
  /** Of the test features: `exp` of the entropy of their covariance's spectrum. */
  readonly rank: number;
}

/** Who trained it; `random` has its first weights, `scratch` is trained on the labels alone. */
export type Side = 'ours' | 'lightly' | 'random' | 'scratch';

/** A run. */
export interface Row extends Budget, Conditions {
  readonly data: PictureSetName;
  readonly side: Side;
  /** Empty where there is none. */
  readonly method: string;
  readonly encoder: string;
  readonly seed: number;
  /** Of `scratch`: `probe10` is its accuracy with 10 labels per class, and so on; `knn` that with all. */
  readonly figures: Figures;
  /** Of the training, with its data. */
  readonly seconds: number;
  /** Of the process that trained, MB. */
  readonly peakMemory?: number;
  readonly threads: number;
}

/** What tells rows apart. */
export const keyOf = ({ data, side, method, encoder, seed, images, epochs, batchSize }: Omit<Row, 'figures'>): string =>
  [data, side, method, encoder, seed, images, epochs, batchSize].join(' ');
