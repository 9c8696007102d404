import * as tf from '@tensorflow/tfjs-core';
import { gramAnchoring } from '@selfsup/ssl-losses';
import type { ForwardContext, Tokens } from '@selfsup/ssl-nn';
import { checkCount, checkNonNegative, checkOptions, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import type { EmaPair } from '@selfsup/ssl-train';
import { bicubicMatrix } from '../../encoders/vision-transformer/bicubic-matrix.js';
import { teacherContext } from '../self-distillation/teacher-context.js';
import type { MaskedEncoder } from '../self-distillation/token-distillation.js';

/** Gram anchoring: what the relations between patches are held to in the last part of a long run. */
export interface GramAnchoringPhase {
  /** Updates before the phase, 1 or more: from there on the loss has the term. */
  readonly startStep: number;
  /**
   * Updates after which the Gram teacher is first taken from the teacher, at most `startStep`: an early teacher has the
   * cleaner patches. Default: `startStep`.
   */
  readonly takeStep?: number;
  /** Updates from one renewal to the next, counted from `startStep`. Default 10000. */
  readonly everySteps?: number;
  /** Renewals at most. Default 3. */
  readonly renewals?: number;
  /** Weight of the term, 0 or more. Default 2. */
  readonly weight?: number;
  /**
   * How many times as high and wide as the student's global views those of the loader are: the Gram teacher sees them as
   * they come, and its tokens are brought to the student's by bicubic interpolation; everybody else sees means of
   * `scale x scale` pixels. Default 1; the paper has 2.
   */
  readonly scale?: number;
}

const gramAnchoringPhaseNames: OptionNames<GramAnchoringPhase> = {
  startStep: 'requiredNumber',
  takeStep: 'optionalNumber',
  everySteps: 'optionalNumber',
  renewals: 'optionalNumber',
  weight: 'optionalNumber',
  scale: 'optionalNumber',
};

/**
 * Defaults of {@link GramAnchoringPhase}: Siméoni et al. 2025 (DINOv3, arXiv 2508.10104), section 4, and
 * `dinov3_vit7b16_gram_anchor.yaml` of its code, where `startStep` is 1,000,000 and the first Gram teacher of 200,000.
 */
export const gramAnchoringPhaseDefaults = { everySteps: 10000, renewals: 3, weight: 2, scale: 1 } as const;

/** A teacher that stays as it was taken, and the loss that it gives. */
export class GramAnchor {
  readonly settings: Readonly<Record<keyof GramAnchoringPhase, number>>;

  /** @throws InvalidOptionError for numbers out of range */
  constructor(
    private readonly where: string,
    given: GramAnchoringPhase,
  ) {
    const options = checkOptions(where, given, gramAnchoringPhaseNames, 'gram');
    const all = { ...gramAnchoringPhaseDefaults, takeStep: options.startStep, ...options };
    const { startStep, takeStep, everySteps, renewals, weight, scale } = all;
    checkCount(where, { 'gram.startStep': startStep, 'gram.takeStep': takeStep });
    checkCount(where, { 'gram.everySteps': everySteps, 'gram.scale': scale });
    checkCount(where, { 'gram.renewals': renewals }, 0);
    checkNonNegative(where, { 'gram.weight': weight });
    if (takeStep > startStep)
      throw new InvalidOptionError(where, 'gram.takeStep', `at most gram.startStep ${startStep}`, takeStep);
    this.settings = { startStep, takeStep, everySteps, renewals, weight, scale };
  }

  /** Whether a step is in the phase. */
  includes(step: number): boolean {
    return step >= this.settings.startStep;
  }

  /** The Gram teacher as one that follows in leaps: it becomes the teacher after some updates, and else stays. */
  pair(online: MaskedEncoder, target: MaskedEncoder): EmaPair {
    const { startStep, takeStep, everySteps, renewals } = this.settings;
    const momentum = (step: number): number => {
      const updates = step + 1;
      const late = updates - startStep;
      const isRenewed = late > 0 && late % everySteps === 0 && late / everySteps <= renewals;
      return updates === takeStep || isRenewed ? 0 : 1;
    };
    return { online, target, momentum, buffers: 'average' };
  }

  /**
   * A loader's views as all but the Gram teacher see them: the two global ones reduced.
   *
   * @throws ShapeError where `scale` does not divide their sides
   */
  reduced(views: readonly tf.Tensor[]): readonly tf.Tensor[] {
    const { scale } = this.settings;
    if (scale === 1) return views;
    return views.map((view, at) => {
      const [batch, height, width, channels] = view.shape as [number, number, number, number];
      // All as floats, so that views of one size are of one type.
      const pixels = tf.cast(view, 'float32');
      if (at >= 2 || view.rank !== 4) return pixels;
      if (height % scale !== 0 || width % scale !== 0)
        throw new ShapeError(
          this.where,
          'views',
          `global views of multiples of gram.scale ${scale}`,
          `${height} x ${width}`,
        );
      const cells = tf.reshape(pixels, [batch, height / scale, scale, width / scale, scale * channels]);
      const rows = tf.reshape(tf.mean(cells, 2), [batch, height / scale, width / scale, scale, channels]);
      return tf.mean(rows, 3);
    });
  }

  /**
   * The loss, without its weight.
   *
   * @param seen the student's tokens, those of the global views first
   * @param teacher the Gram teacher
   * @param images the global views as the loader gives them, normalised, `[2 * batch, height, width, channels]`
   */
  loss(seen: Tokens, teacher: MaskedEncoder, images: tf.Tensor4D, ctx: ForwardContext): tf.Scalar {
    const own = teacher.encode(images, teacherContext(teacher, ctx, 'gram'));
    const [rows, columns] = seen.grid as [number, number];
    const student = tf.slice(
      seen.tokens,
      [0, seen.prefix, 0],
      [images.shape[0], rows * columns, seen.tokens.shape[2]],
    ) as tf.Tensor3D;
    const [views, count, dim] = own.tokens.shape;
    const patches = tf.slice(own.tokens, [0, own.prefix, 0], [views, count - own.prefix, dim]) as tf.Tensor3D;
    if (own.grid.join() === seen.grid.join()) return gramAnchoring(student, patches);
    const from = own.grid as [number, number];
    const matrix = tf.tensor2d(bicubicMatrix(from, [rows, columns], false), [rows * columns, from[0] * from[1]]);
    // One product for all images: places first.
    const columnsOf = tf.reshape(tf.transpose(patches, [1, 0, 2]), [from[0] * from[1], views * dim]) as tf.Tensor2D;
    const placed = tf.reshape(tf.matMul(matrix, columnsOf), [rows * columns, views, dim]);
    return gramAnchoring(student, tf.transpose(placed, [1, 0, 2]) as tf.Tensor3D);
  }
}
