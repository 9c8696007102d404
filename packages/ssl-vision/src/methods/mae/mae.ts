import * as tf from '@tensorflow/tfjs-core';
import { maskedPatchMSE } from '@selfsup/ssl-losses';
import { drawKey, parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Module, Parameter } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomUniform, takeRows } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { patchRows } from '../../encoders/vision-transformer/token-places.js';
import { checkImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import type { MultiViewBatch } from '../simclr/simclr.js';
import { samplesOf } from '../../batches/samples-of.js';
import type { MaskedAutoencoder } from './masked-autoencoder.js';
import { randomMasking, type MaskedPatches } from './random-masking.js';

/** Defaults of {@link Mae}: He et al. 2021 (arXiv 2111.06377), 4.1 and table 1. */
export const maeDefaults = { maskRatio: 0.75, normalizeTargets: true } as const;

/** An encoder that cuts what it sees into patches, and a decoder: {@link MaskedAutoencoder} or `MaskedAutoencoder3d`. */
export interface MaeModel {
  readonly backbone: Module & {
    readonly patchEmbed: {
      readonly pixels: number;
      gridOf(images: tf.Tensor): readonly number[];
      flatten(images: tf.Tensor): tf.Tensor2D;
    };
  };
  readonly decoder: Module;
  forward(images: tf.Tensor, patches: MaskedPatches, ctx?: ForwardContext): tf.Tensor3D;
}

/** Options of {@link Mae}. */
export interface MaeOptions<M extends MaeModel = MaskedAutoencoder> {
  /** Of images, or of volumes. */
  readonly model: M;
  /** Statistics of the images' pixels, or of the volumes' voxels. */
  readonly normalize: ImageStatistics;
  /** Share of the patches that is hidden, in (0, 1). Default 0.75. */
  readonly maskRatio?: number;
  /** Predict each patch less its mean over its deviation (`norm_pix_loss`), not its pixels. Default true. */
  readonly normalizeTargets?: boolean;
}

const maeOptionNames: OptionNames<MaeOptions<MaeModel>> = {
  model: 'required',
  normalize: 'required',
  maskRatio: 'optionalNumber',
  normalizeTargets: 'optionalFlag',
};

/**
 * MAE: hide most patches of an image at random and predict their pixels from the rest;
 * `loss = mean over hidden patches and their pixels of (prediction - target)^2`. Keep `modules.backbone`.
 *
 * One view of each image suffices (a crop, a flip); of more, each is a sample of its own. Volumes are trained by the model
 * `MaskedAutoencoder3d` on the batches of a `VolumeLoader`.
 *
 * Source: He et al. 2021 (arXiv 2111.06377); `models_mae.py` of facebookresearch/mae, whose default is
 * `norm_pix_loss=False` but whose training commands set it.
 */
export class Mae<M extends MaeModel = MaskedAutoencoder> implements Method<MultiViewBatch> {
  readonly name = 'mae';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: M['backbone']; readonly decoder: M['decoder'] };
  readonly #options: Required<MaeOptions<M>>;

  /** @throws InvalidOptionError for a share outside (0, 1), and for what is no {@link MaeModel} */
  constructor(options: MaeOptions<M>) {
    const all = { ...maeDefaults, ...checkOptions('Mae', options, maeOptionNames) };
    if (!isMaeModel(all.model)) {
      const sizes = 'key: randomKey(1), imageSize: 32, patchSize: 4, dim: 192, depth: 6, heads: 3';
      const advice = `Such as new MaskedAutoencoder({ ${sizes}, decoder: { dim: 128, depth: 2, heads: 4 } })`;
      throw new InvalidOptionError(
        'Mae',
        'model',
        'a MaskedAutoencoder, an encoder with its decoder',
        all.model,
        advice,
      );
    }
    if (!(all.maskRatio > 0 && all.maskRatio < 1))
      throw new InvalidOptionError('Mae', 'maskRatio', 'in (0, 1)', all.maskRatio);
    checkImageStatistics('Mae', 'normalize', all.normalize);
    this.#options = all;
    const { maskRatio, normalizeTargets, normalize } = all;
    this.settings = { maskRatio, normalizeTargets, normalize: statisticsOf(normalize) };
    this.modules = { backbone: all.model.backbone, decoder: all.model.decoder };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws InvalidOptionError where `ctx` has no key, or where no patch or every patch would stay */
  loss(batch: Tensors<MultiViewBatch>, ctx: ForwardContext): MethodLoss {
    const images = normalizeImages(samplesOf('Mae', batch), this.#options.normalize);
    const size: [number, number] = [images.shape[0]!, this.#patchesOf(images)];
    const noise = randomUniform(drawKey(ctx, 'Mae.loss'), size) as tf.Tensor2D;
    return { loss: this.lossOf(images, noise, ctx) };
  }

  /**
   * Loss of given images and noise.
   *
   * @param images `[batch, height, width, channels]`, normalised; of a model of volumes those
   * @param noise uniform, `[batch, patches]`; the patches with the smallest stay
   * @throws ShapeError for noise of another number of patches
   */
  lossOf(images: tf.Tensor, noise: tf.Tensor2D, ctx: ForwardContext): tf.Scalar {
    const { model, maskRatio, normalizeTargets } = this.#options;
    const { patchEmbed } = this.modules.backbone;
    const patches = this.#patchesOf(images);
    const expected = [images.shape[0], patches].join(', ');
    if (noise.shape.join(', ') !== expected)
      throw new ShapeError('Mae.lossOf', 'noise', `[${expected}]`, `[${noise.shape.join(', ')}]`);
    const hidden = randomMasking(noise, maskRatio);
    const pixels = takeRows(patchEmbed.flatten(images), patchRows(hidden.masked, patches));
    const shape = [...hidden.masked.shape, patchEmbed.pixels] as [number, number, number];
    // Only hidden patches are here: each counts.
    return maskedPatchMSE(
      model.forward(images, hidden, ctx),
      tf.reshape<tf.Rank.R3>(pixels, shape),
      tf.ones<tf.Rank.R2>(hidden.masked.shape),
      { normalizeTarget: normalizeTargets },
    );
  }

  /** Patches of an image or volume. */
  #patchesOf(images: tf.Tensor): number {
    return this.modules.backbone.patchEmbed.gridOf(images).reduce((product, side) => product * side, 1);
  }
}

function isMaeModel(model: unknown): boolean {
  const given = model as Partial<MaeModel> | null | undefined;
  return (
    typeof given?.forward === 'function' && given.backbone?.patchEmbed !== undefined && given.decoder !== undefined
  );
}
