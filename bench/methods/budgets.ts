import type { PictureSetName } from '../pictures/picture-set.js';
import type { Budget } from './rows.js';

/** What every method may use of a set: some 1,000 steps. */
export const budgets: Readonly<Record<PictureSetName, Budget>> = {
  letters: { images: 18_720, epochs: 4, batchSize: 64 },
  digits: { images: 16_384, epochs: 4, batchSize: 64 },
  emoji: { images: 4_659, epochs: 12, batchSize: 64 },
};

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
