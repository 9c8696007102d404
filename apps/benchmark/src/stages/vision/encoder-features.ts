import type * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@selfsup/ssl-tensor';
import { FeatureExtractor, inBatches, knnClassify } from '@selfsup/ssl-transfer';
import type { Encoder } from '@selfsup/ssl-nn';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import type { Device } from '../../runs/pipeline.js';
import { featuresOf } from './encoder.js';
import type { LabelledImages, VisionData } from './vision-data.js';

/** Images at a time: few enough for what a layer makes of them to stay in the cache. */
export const evaluationBatch = 100;

/** Features of the training and test images. */
export interface BothFeatures {
  /** `[n, d]` */
  readonly train: NdArray<Float32Array>;
  /** `[m, d]` */
  readonly test: NdArray<Float32Array>;
}

/** Features of an encoder as it is at each call, through one compiled graph. */
export class EncoderFeatures {
  readonly #data: VisionData;
  readonly #recipe: VisionRecipe;
  readonly #extractor: FeatureExtractor<tf.Tensor>;

  constructor(encoder: Encoder, recipe: VisionRecipe, data: VisionData, device: Device) {
    this.#data = data;
    this.#recipe = recipe;
    const features = featuresOf(encoder, data);
    this.#extractor = new FeatureExtractor((images: tf.Tensor) => features(images), { device });
  }

  /** Features of all training and test images. */
  async all(onProgress?: (done: number, total: number) => void): Promise<BothFeatures> {
    const { train, test } = this.#data;
    const total = train.labels.length + test.labels.length;
    return {
      train: await this.of(train.images, (done) => onProgress?.(done, total)),
      test: await this.of(test.images, (done) => onProgress?.(train.labels.length + done, total)),
    };
  }

  /** Features of some images. */
  of(images: NdArray<Uint8Array>, onProgress?: (done: number) => void): Promise<NdArray<Float32Array>> {
    return this.#extractor.extract(inBatches(images, Math.min(evaluationBatch, images.shape[0]!)), onProgress);
  }

  /** kNN accuracy against the recipe's reduced reference set. */
  async reducedKnn(): Promise<number> {
    const { k, temperature, along } = this.#recipe.knn;
    const reference = firstImages(this.#data.train, along.reference);
    const test = firstImages(this.#data.test, along.test);
    const { accuracy } = await knnClassify({
      train: await this.of(reference.images),
      trainLabels: reference.labels,
      test: await this.of(test.images),
      testLabels: test.labels,
      k: Math.min(k, reference.labels.length),
      temperature,
    });
    return accuracy!;
  }

  dispose(): void {
    this.#extractor.dispose();
  }
}

/** At most the first `count` images. */
export function firstImages({ images, labels }: LabelledImages, count: number): LabelledImages {
  const [rows, ...size] = images.shape as [number, ...number[]];
  const taken = Math.min(rows, count);
  const bytes = size.reduce((product, side) => product * side, 1);
  return {
    images: { data: images.data.subarray(0, taken * bytes), shape: [taken, ...size] },
    labels: labels.subarray(0, taken),
  };
}
