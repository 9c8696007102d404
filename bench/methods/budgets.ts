import type { PictureSetName } from '../pictures/picture-set.js';
import type { Budget } from './rows.js';

/** What every method may use of a set: 1,168, 512 and 576 steps. */
export const budgets: Readonly<Record<PictureSetName, Budget>> = {
  letters: { images: 18_720, epochs: 4, batchSize: 64 },
  digits: { images: 16_384, epochs: 2, batchSize: 64 },
  emoji: { images: 4_659, epochs: 8, batchSize: 64 },
};

/** Side by which every set has its encoders: those that `pretrain` takes for the emoji's 64 pixels would take days here. */
export const encodersOfSide = 28;

/** Methods with three seeds; every other has one. */
export const mainMethods: readonly string[] = [
  'simclr',
  'moco',
  'moco-v3',
  'byol',
  'simsiam',
  'barlow-twins',
  'vicreg',
  'nnclr',
  'swav',
  'dino',
  'ibot',
  'mae',
];

/** Methods that the peer trains too. */
export const peerMethods = mainMethods.filter((method) => method !== 'moco-v3' && method !== 'ibot');
