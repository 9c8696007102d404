import { foldIn } from '@selfsup/ssl-core';
import { maeViews } from '@selfsup/ssl-data';
import type { JsonValue, RunConfig } from '@selfsup/ssl-train';
import { Mae } from '../../methods/mae/mae.js';
import type { MaeDecoderSize } from '../../methods/mae/mae-decoder.js';
import { MaskedAutoencoder, type MaskedAutoencoderOptions } from '../../methods/mae/masked-autoencoder.js';
import type { EncoderArchitecture } from '../architecture.js';
import { written, writtenObject } from '../written.js';
import { calledViews } from './called-views.js';
import type { Recipe } from './recipe.js';
import { transformerBackbone } from './usual-backbone.js';

/** What may be said of MAE; see `Mae` and `MaskedAutoencoder`. */
export interface MaeChoices {
  readonly maskRatio?: number;
  readonly normalizeTargets?: boolean;
  readonly decoder?: MaeDecoderSize;
}

/**
 * Around small transformers. With 49 patches the paper's decoder has 18 times the products of ViT-Tiny on the kept quarter
 * of them, this one 0.3 times.
 */
const smallDecoder = { dim: 128, depth: 2, heads: 4 } as const;

/** The masked autoencoder around an encoder chooses its positions itself. */
const autoencoderOptions = ({ options }: EncoderArchitecture): RunConfig =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'positions'));

export const mae: Recipe<MaeChoices> = {
  choices: { maskRatio: 'optionalNumber', normalizeTargets: 'optionalFlag', decoder: 'optional' },
  usualBackbone: transformerBackbone,
  // MAE's class token is not in its loss: the mean over the patches is the better feature.
  transformers: { options: { pool: 'mean', positions: 'sinCos' }, plain: true },
  // A quarter of one view.
  passes: 1,
  learningRate: 1e-3,
  weightDecay: 0.05,
  views: ({ imageSize: size }) => calledViews('maeViews', maeViews, { size }),
  preset: () => ({
    value: { decoder: smallDecoder },
    why: "a decoder that is small beside the encoder: the paper's is for larger ones",
  }),
  build: ({ architecture, options: { decoder, ...own }, key, normalize }) => {
    const options = { ...autoencoderOptions(architecture), ...(decoder === undefined ? {} : { decoder }) };
    const model = new MaskedAutoencoder({
      ...(options as unknown as MaskedAutoencoderOptions),
      key: foldIn(key, 'model'),
    });
    return { method: new Mae({ ...own, model, normalize }), encoder: model.backbone };
  },
  write: ({ architecture, options: { decoder, ...own }, normalize }) => {
    const size = decoder === undefined ? '' : `decoder: ${written(decoder)}`;
    const model = writtenObject(autoencoderOptions(architecture), size, "key: foldIn(key, 'model')");
    const method = writtenObject(own, `model, normalize: ${written(normalize as unknown as JsonValue)}`);
    return {
      imports: ['Mae', 'MaskedAutoencoder'],
      lines: [
        `const model = new MaskedAutoencoder(${model});`,
        'const backbone = model.backbone;',
        `const method = new Mae(${method});`,
      ],
      encoder: 'backbone',
      groups: '[{ parameters: method.trainable() }]',
    };
  },
};
