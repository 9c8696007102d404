import type { MethodName } from '../recipes/recipes.js';
import type { Goal } from './task-facts.js';

/** What is known of a method without measuring it here. */
export interface MethodTraits {
  /** What it does, in a few words. */
  readonly is: string;
  /** Pictures of a batch below which it loses, by its paper or its arithmetic. */
  readonly batch: number;
  /** Why such a batch. */
  readonly batchWhy: string;
  /** Set where the paper's gain comes with long runs. */
  readonly longRuns?: string;
  /** Goals that it is made for, and those that it is poor for, with why; the second count where it is not measured. */
  readonly madeFor?: Partial<Record<Goal, string>>;
  readonly poorFor?: Partial<Record<Goal, string>>;
}

const rows = 'the other pictures of the batch are its negatives';
const queue = 'negatives come from a queue';
const statistics = 'statistics of the batch keep features apart';
const norms = 'its heads normalise over the batch';
const pixels = 'its loss looks at one picture at a time';
const teacher = 'its loss looks at one picture at a time, centres over the batch';
const places = { dense: 'its loss is on places of maps' };
const patches = { dense: 'its loss is on features of patches' };
const tuned = {
  dense: 'its paper fine-tunes it for detection and segmentation (arXiv 2111.06377, tables 4 and 5)',
  'fine-tuning': 'its paper fine-tunes the whole encoder (arXiv 2111.06377, table 3)',
};
const hundreds = 'its paper trains for hundreds of epochs';

const separable = 'its frozen features are less linearly separable (arXiv 2111.06377, section 4.3)';
const frozen = { classification: separable, retrieval: separable };
const kept = 'it keeps what takes many pixels, not what tells pictures apart';
const baseline = { classification: kept, retrieval: kept, dense: kept, 'fine-tuning': kept };

/** Of each method of `pretrain`. */
export const methodTraits: Readonly<Record<MethodName, MethodTraits>> = {
  simclr: { is: 'contrastive', batch: 128, batchWhy: `${rows} (arXiv 2002.05709, figure 9)` },
  'simclr-v2': { is: 'contrastive, deeper head', batch: 128, batchWhy: `${rows} (arXiv 2002.05709, figure 9)` },
  dcl: { is: 'contrastive, decoupled', batch: 32, batchWhy: 'made for small batches (arXiv 2110.06848, table 1)' },
  dclw: { is: 'contrastive, decoupled', batch: 32, batchWhy: 'made for small batches (arXiv 2110.06848, table 1)' },
  supcon: { is: 'contrastive, with classes', batch: 64, batchWhy: 'a batch should have several pictures of a class' },
  moco: { is: 'contrastive, queue and twin', batch: 32, batchWhy: `${queue} (arXiv 1911.05722)` },
  'moco-v3': { is: 'contrastive, twin', batch: 128, batchWhy: rows },
  densecl: { is: 'contrastive of places, queues', batch: 32, batchWhy: queue, madeFor: places },
  amdim: { is: 'contrastive of places at scales', batch: 64, batchWhy: rows },
  nnclr: { is: 'contrastive, neighbours', batch: 64, batchWhy: rows },
  swav: { is: 'prototypes, multi-crop', batch: 64, batchWhy: 'codes are balanced over batch and queue' },
  smog: { is: 'groups, twin', batch: 64, batchWhy: 'groups move with the batch' },
  byol: { is: 'predicts a twin', batch: 64, batchWhy: `${norms} (arXiv 2006.07733, figure 3)` },
  simsiam: { is: 'predicts the other view', batch: 64, batchWhy: `${norms} (arXiv 2011.10566, table 2)` },
  fastsiam: { is: 'predicts the mean of other views', batch: 32, batchWhy: norms },
  'barlow-twins': { is: 'decorrelates', batch: 128, batchWhy: statistics },
  vicreg: { is: 'decorrelates', batch: 128, batchWhy: statistics },
  vicregl: { is: 'decorrelates views and places', batch: 128, batchWhy: statistics, madeFor: places },
  tico: { is: 'moving covariance, twin', batch: 64, batchWhy: norms },
  'w-mse': { is: 'whitens', batch: 128, batchWhy: 'it whitens in the batch (arXiv 2007.06346)' },
  mmcr: { is: 'spreads centres', batch: 128, batchWhy: statistics },
  frossl: { is: 'spreads views', batch: 128, batchWhy: statistics },
  lejepa: { is: 'Gaussian features, multi-crop', batch: 64, batchWhy: statistics },
  visreg: { is: 'Gaussian features, multi-crop', batch: 64, batchWhy: statistics },
  dino: { is: 'teacher, multi-crop', batch: 32, batchWhy: teacher, longRuns: hundreds },
  ibot: { is: 'teacher and masked patches', batch: 32, batchWhy: teacher, longRuns: hundreds, madeFor: patches },
  dinov2: { is: 'teacher and masked patches', batch: 64, batchWhy: statistics, longRuns: hundreds, madeFor: patches },
  msn: { is: 'teacher, dropped patches', batch: 64, batchWhy: norms, longRuns: hundreds },
  pmsn: { is: 'teacher, dropped patches', batch: 64, batchWhy: norms, longRuns: hundreds },
  mae: {
    is: 'masked pixels',
    batch: 8,
    batchWhy: pixels,
    longRuns: hundreds,
    madeFor: tuned,
    poorFor: frozen,
  },
  simmim: {
    is: 'masked pixels',
    batch: 8,
    batchWhy: pixels,
    longRuns: hundreds,
    madeFor: tuned,
    poorFor: frozen,
  },
  ijepa: { is: 'masked features', batch: 8, batchWhy: pixels, longRuns: hundreds, madeFor: patches },
  capi: {
    is: 'clusters of masked patches',
    batch: 64,
    batchWhy: 'clusters are balanced over the batch',
    longRuns: hundreds,
    madeFor: patches,
  },
  autoencoder: { is: 'all pixels, a baseline', batch: 8, batchWhy: pixels, poorFor: baseline },
  distillation: { is: 'copies a teacher', batch: 8, batchWhy: pixels },
  'denoising-autoencoder': { is: 'all pixels, a baseline', batch: 8, batchWhy: pixels, poorFor: baseline },
};
