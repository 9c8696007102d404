import type { Measurement } from '@selfsup/ssl-train/report';
import type { Machine } from './machine.js';

export type { Measurement };

/** Figures by number of labels per class. */
export type ByLabels = Readonly<Record<string, number>>;

/** What a vision run measures; accuracies in 0 .. 1 on the test images. */
export interface VisionFigures {
  /** Weighted kNN on the features of all training images. */
  readonly knn: number;
  /** Linear probe, mean over the draws of labels. */
  readonly linear: ByLabels;
  readonly fineTune: ByLabels;
  readonly scratch: ByLabels;
  /** The same encoder before training. */
  readonly random: { readonly knn: number; readonly linear: ByLabels };
  /** Wall time of the pretraining, without its measurements. */
  readonly seconds: number;
  /** kNN against the reduced reference set, after each epoch (and at step 0). */
  readonly knnAlong: readonly Measurement[];
}

/** What a text run measures; accuracies in 0 .. 1 on held-out glosses. */
export interface TextFigures {
  readonly maskedAccuracy: readonly Measurement[];
  readonly maskedLoss: readonly Measurement[];
  readonly fineTune: ByLabels;
  readonly scratch: ByLabels;
  /** Wall time of the pretraining, without its measurements. */
  readonly seconds: number;
}

/** Content of `summary.json`. */
export interface Summary {
  readonly vision?: VisionFigures;
  readonly text?: TextFigures;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Machine;
}
