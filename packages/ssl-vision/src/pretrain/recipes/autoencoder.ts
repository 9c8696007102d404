import { maeViews } from '@selfsup/ssl-data';
import { Autoencoder, type AutoencoderOptions, denoisingDefaults } from '../../methods/autoencoder/autoencoder.js';
import { aroundEncoder } from './around-encoder.js';
import { calledViews } from './called-views.js';
import type { Recipe } from './recipe.js';
import { convolutionalBackbone } from './usual-backbone.js';

/** What may be said of the plain autoencoder; see `Autoencoder`. */
export type AutoencoderChoices = Pick<AutoencoderOptions, 'channels'>;
/** What may be said of the denoising one. */
export type DenoisingChoices = AutoencoderChoices & Pick<AutoencoderOptions, 'corruption' | 'amount'>;

/** Side of the decoder's smallest map, at least, and channels of its last. */
const [leastSide, lastChannels] = [4, 32];
/** Doublings at most; channels at most. */
const [mostLevels, mostChannels] = [4, 128];

/** The decoder's maps, each half as large as the next: as many as the pictures can be halved. */
function channelsOf(imageSize: number): readonly number[] {
  const channels = [lastChannels];
  let side = imageSize / 2;
  while (side % 2 === 0 && side / 2 >= leastSide && channels.length < mostLevels) {
    channels.unshift(Math.min(mostChannels, 2 * channels[0]!));
    side /= 2;
  }
  return channels;
}

/** All but what the pictures are corrupted by. */
const shared: Omit<Recipe<DenoisingChoices>, 'choices' | 'preset'> = {
  usualBackbone: convolutionalBackbone,
  // One view forth and back, and the decoder.
  passes: 4,
  learningRate: 1e-3,
  weightDecay: 0.01,
  views: ({ imageSize: size }) => calledViews('maeViews', maeViews, { size }),
  ...aroundEncoder<DenoisingChoices, Autoencoder, Pick<AutoencoderOptions, 'imageSize' | 'inChannels'>>({
    name: 'Autoencoder',
    make: (options) => new Autoencoder(options),
    fixed: ({ imageSize, channels: inChannels }) => ({ imageSize, inChannels }),
  }),
};

/** The field's baseline: a decoder for pictures of this size. */
export const autoencoder: Recipe<AutoencoderChoices> = {
  ...shared,
  choices: { channels: 'optional' },
  preset: ({ imageSize }) => ({
    value: { channels: channelsOf(imageSize) },
    why: `a decoder for pictures of ${imageSize} pixels`,
  }),
};

/** The same, of pictures some of whose numbers are hidden. */
export const denoisingAutoencoder: Recipe<DenoisingChoices> = {
  ...shared,
  choices: { channels: 'optional', corruption: 'optional', amount: 'optionalNumber' },
  preset: ({ imageSize }) => ({
    value: { ...denoisingDefaults, channels: channelsOf(imageSize) },
    why: `a decoder for pictures of ${imageSize} pixels, and a quarter of their numbers hidden`,
  }),
};
