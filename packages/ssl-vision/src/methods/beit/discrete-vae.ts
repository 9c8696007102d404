import * as tf from '@tensorflow/tfjs-core';
import { childContext, drawKey, parametersOf } from '@selfsup/ssl-nn';
import type { Parameter } from '@selfsup/ssl-nn';
import { checkNonNegative, checkPositive, checkShare, InvalidOptionError, randomUniform } from '@selfsup/ssl-tensor';
import { cosine } from '@selfsup/ssl-train';
import type { Method, MethodLoss, RunConfig, RunShape, Schedule, StepContext, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { samplesOf } from '../../batches/samples-of.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { mapPixels, VisualTokenizer } from './visual-tokenizer.js';

/** Options of {@link DiscreteVae}. */
export interface DiscreteVaeOptions {
  readonly tokenizer: VisualTokenizer;
  /** Weight of the divergence from the uniform distribution, at its end, 0 or more. Default 6.6. */
  readonly klWeight?: number;
  /** Share of the run's updates in which that weight rises from 0. Default 1/600. */
  readonly klWarmup?: number;
  /** Of the relaxed tokens, positive, at the start and at the end. Default [1, 1/16]. */
  readonly temperature?: readonly [number, number];
  /** Share of the run's updates in which the temperature falls. Default 0.05. */
  readonly annealing?: number;
}

const discreteVaeOptionNames: OptionNames<DiscreteVaeOptions> = {
  tokenizer: 'required',
  klWeight: 'optionalNumber',
  klWarmup: 'optionalNumber',
  temperature: 'optional',
  annealing: 'optionalNumber',
};

/**
 * Defaults of {@link DiscreteVae}: Ramesh et al. 2021 (arXiv 2102.12092), appendix A.2: 5,000 and 150,000 of 3,000,000
 * updates. There with AdamW, betas 0.9 and 0.999, decay 1e-4, a rate of 1e-4 down to 1.25e-6 over 1,200,000 updates by a
 * cosine, batches of 512.
 */
export const discreteVaeDefaults = {
  klWeight: 6.6,
  klWarmup: 1 / 600,
  temperature: [1, 1 / 16],
  annealing: 0.05,
} as const;

/**
 * {@link DiscreteVae} for small pictures and runs of some thousand updates: annealed over most of the run, and a weight that
 * leaves the tokens what they tell of 4 x 4 pixels, which the paper's of 8 x 8 would not. Chosen, not cited.
 */
export const discreteVaeSmall = { klWeight: 0.5, klWarmup: 0.2, annealing: 0.8 } as const;

/**
 * Trains a tokenizer of pictures: encode, draw a token of each place by the Gumbel-softmax relaxation, decode;
 * `loss = mean over numbers of -log p(x) + klWeight / numbers * sum over places of KL(q || uniform)` with the Laplace density
 * of the logit of `0.8 x + 0.1`. The temperature falls and the weight rises by cosines. Keep `modules.tokenizer`.
 *
 * One view of each image suffices; of more, each is a sample of its own. Pixels are mapped here and not normalised.
 *
 * Metrics: `reconstruction` and `kl`, the two parts (the latter in nats a place, not weighted); `information`, the nats that
 * a token tells of its place: 0 where all places get the same tokens, the logarithm of the vocabulary at most.
 *
 * Source: Ramesh et al. 2021 (arXiv 2102.12092), section 2.1, appendix A; Jang et al. 2016 (arXiv 1611.01144).
 */
export class DiscreteVae implements Method<MultiViewBatch, 'temperature' | 'klWeight'> {
  readonly name = 'discrete-vae';
  readonly settings: RunConfig;
  readonly modules: { readonly tokenizer: VisualTokenizer };
  readonly #options: Required<DiscreteVaeOptions>;

  /** @throws InvalidOptionError for options out of range and for what is no tokenizer */
  constructor(options: DiscreteVaeOptions) {
    const where = 'DiscreteVae';
    const all = { ...discreteVaeDefaults, ...checkOptions(where, options, discreteVaeOptionNames) };
    const { tokenizer, klWeight, klWarmup, temperature, annealing } = all;
    if (!(tokenizer instanceof VisualTokenizer))
      throw new InvalidOptionError(where, 'tokenizer', 'a VisualTokenizer', tokenizer);
    checkNonNegative(where, { klWeight });
    checkShare(where, { klWarmup, annealing });
    if (!Array.isArray(temperature) || temperature.length !== 2)
      throw new InvalidOptionError(where, 'temperature', 'two numbers, of the start and of the end', temperature);
    checkPositive(where, { 'temperature[0]': temperature[0], 'temperature[1]': temperature[1] });
    this.modules = { tokenizer };
    this.settings = { klWeight, klWarmup, temperature: [...temperature], annealing };
    this.#options = all;
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  schedules(run: RunShape): Record<'temperature' | 'klWeight', Schedule> {
    const { totalSteps } = run;
    const { klWeight, klWarmup, temperature, annealing } = this.#options;
    const over = (share: number, base: number, final: number): Schedule => {
      const steps = Math.round(share * totalSteps);
      if (steps === 0) return () => final;
      const falls = cosine({ base, final, totalSteps: steps });
      // Without its end: the value stays.
      return (step) => falls(step);
    };
    return { temperature: over(annealing, temperature[0], temperature[1]), klWeight: over(klWarmup, 0, klWeight) };
  }

  /** @throws ShapeError for images that the tokenizer does not take; InvalidOptionError where `ctx` has no key */
  loss(batch: Tensors<MultiViewBatch>, ctx: StepContext<'temperature' | 'klWeight'>): MethodLoss {
    const views = samplesOf('DiscreteVae', batch);
    const images = tf.div(tf.cast(views, 'float32'), 255) as tf.Tensor4D;
    const { downsampling, vocabulary } = this.modules.tokenizer;
    const [count, height, width] = images.shape;
    const key = drawKey(childContext(ctx, 'tokens'), 'DiscreteVae.loss');
    const noise = randomUniform(key, [
      count,
      Math.floor(height / downsampling),
      Math.floor(width / downsampling),
      vocabulary,
    ]) as tf.Tensor4D;
    return this.lossOf(images, noise, ctx.values.temperature, ctx.values.klWeight);
  }

  /**
   * Loss of given images and noise.
   *
   * @param images `[batch, height, width, channels]`, 0 .. 1
   * @param noise uniform in (0, 1), `[batch, rows, columns, vocabulary]`
   */
  lossOf(images: tf.Tensor4D, noise: tf.Tensor4D, temperature: tf.Scalar, klWeight: tf.Scalar): MethodLoss {
    const { tokenizer } = this.modules;
    const logits = tokenizer.logits(images);
    const logShares = tf.logSoftmax(logits);
    // 0 has no logarithm; float32 noise comes no nearer to 1 than 6e-8.
    const gumbel = tf.neg(tf.log(tf.neg(tf.log(tf.maximum(noise, 1e-30)))));
    const codes = tf.softmax(tf.div(tf.add(logits, gumbel), temperature)) as tf.Tensor4D;
    const { mean, logScale } = tokenizer.decode(codes);
    const pixels = mapPixels(images);
    const [logPixel, logRest] = [tf.log(pixels), tf.log(tf.sub(1, pixels))];
    const distance = tf.abs(tf.sub(tf.sub(logPixel, logRest), mean));
    const density = tf.addN([logScale, tf.mul(distance, tf.exp(tf.neg(logScale))), logPixel, logRest]);
    const reconstruction: tf.Scalar = tf.add(tf.mean(density), Math.LN2);
    const shares = tf.exp(logShares);
    const own: tf.Scalar = tf.mean(tf.sum(tf.mul(shares, logShares), 3));
    const kl: tf.Scalar = tf.add(own, Math.log(tokenizer.vocabulary));
    const perPlace = images.size / (images.shape[0] * logits.shape[1] * logits.shape[2]);
    const all = tf.mean(shares, [0, 1, 2]);
    const information: tf.Scalar = tf.sub(own, tf.sum(tf.mul(all, tf.log(tf.maximum(all, 1e-30)))));
    return {
      loss: tf.add(reconstruction, tf.mul(kl, tf.div(klWeight, perPlace))),
      metrics: { reconstruction, kl, information },
    };
  }
}
