/** What features are worth, as shares of the test pictures. */
export interface MeasuredFigures {
  /** kNN (20 neighbours) with the labels of all pictures that were trained on. */
  readonly knn: number;
  /** Linear probes with 10 and 60 labels per class. */
  readonly probe10: number;
  readonly probe60: number;
  /** Share of pictures whose nearest one in another collection shows the same. */
  readonly found?: number;
}

/** A method of `pretrain` on one set of pictures: means over seeds, at the last epoch. */
export interface MeasuredMethod extends MeasuredFigures {
  readonly data: string;
  readonly method: string;
  readonly encoder: string;
  readonly images: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seeds: number;
  /** Means of encoders of the same architecture that nothing has trained. */
  readonly random: MeasuredFigures;
  /** Of the whole call, on so many threads. */
  readonly seconds: number;
  readonly threads: number;
  /** Of the process that trained, MB. */
  readonly peakMemory?: number;
}

/** The pictures of a set. */
export interface MeasuredPictures {
  readonly imageSize: number;
  readonly channels: number;
}

/** Sets of `npm run bench:methods`. */
export const measuredPictures: Readonly<Record<string, MeasuredPictures>> = {
  letters: { imageSize: 28, channels: 1 },
  digits: { imageSize: 28, channels: 1 },
  emoji: { imageSize: 64, channels: 3 },
};
