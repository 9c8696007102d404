import type { ByLabels, Measurement } from '../../runs/summary.js';

/** Accuracy by labels per class, with the draws behind each mean. */
export interface FewLabelResult {
  /** Means over the draws. */
  readonly accuracy: ByLabels;
  /** Accuracy of each draw. */
  readonly draws: Readonly<Record<string, readonly number[]>>;
}

/** Stage `random`: the encoder before training. */
export interface RandomResult {
  readonly knn: number;
  /** Against the reduced reference set: where the curve along training begins. */
  readonly knnReduced: number;
  readonly linear: FewLabelResult;
}

/** Stage `pretrain`. */
export interface PretrainResult {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Wall time of training alone. */
  readonly seconds: number;
  /** Training loss at each logged step. */
  readonly loss: readonly Measurement[];
  readonly knnAlong: readonly Measurement[];
}

/** Stage `knn`. */
export interface KnnStageResult {
  readonly accuracy: number;
  readonly referenceImages: number;
  readonly testImages: number;
}

/** A 2-D map: one point per test image. */
export type MapPoints = readonly (readonly [x: number, y: number])[];

/** Stage `map`. */
export interface MapResult {
  readonly classes: readonly string[];
  /** Class of each point. */
  readonly labels: readonly number[];
  readonly trained: MapPoints;
  readonly random: MapPoints;
}

/** An image on its own, as a PNG data URI, with its class. */
export interface ShownImage {
  readonly image: string;
  readonly label: number;
}

/** Stage `neighbours`: test images with their most similar training images. */
export interface NeighboursResult {
  readonly queries: readonly (ShownImage & {
    readonly neighbours: readonly (ShownImage & { readonly similarity: number })[];
  })[];
}
