import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  colorJitter,
  DataLoader,
  ImageFolderDataset,
  randomAffine,
  randomResizedCrop,
  resize,
  simclrViews,
} from '@selfsup/ssl-data';
import { Conv2d, Dropout, kaimingNormal, Linear } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { Adafactor, AdamW, clipByGlobalNorm, Ema, Lamb, oneCycle, scaleByBatch, Sgd } from '@selfsup/ssl-train';
import { linearProbe } from '@selfsup/ssl-transfer';
import { SimClr } from '@selfsup/ssl-vision';
import { encoder, features, key, samples, Squares, statistics, train } from './fixtures.js';
import { describe, afterAll, beforeAll } from 'vitest';
import { testMistakes, js, type Mistake } from './mistake.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mistakes-'));
});
afterAll(() => rm(folder, { recursive: true }));

const matrix = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] };

const classes = Int32Array.of(0, 1);

const values: readonly Mistake[] = [
  {
    title: 'a size of the environment',
    code: () => simclrViews(js({ size: '64' })),
    error: 'InvalidOptionError',
    message: /simclrViews: size must be a number, got '64'\. Write 64/,
    cure: () => simclrViews({ size: 64 }),
  },
  {
    title: 'a batch size of the environment',
    code: () => new DataLoader({ dataset: samples(), batchSize: js('4'), workers: 0 }),
    error: 'InvalidOptionError',
    message: /batchSize must be a number, got '4'\. Write 4, or Number\(text\) where it comes from outside/,
    cure: () => new DataLoader({ dataset: samples(), batchSize: Number('4'), workers: 0 }),
  },
  {
    title: 'a temperature of the environment',
    code: () => new SimClr(js({ backbone: encoder(), key, normalize: statistics, temperature: '0.5' })),
    error: 'InvalidOptionError',
    message: /SimClr: temperature must be a number, got '0\.5'\. Write 0\.5/,
  },
  {
    title: 'a penalty of the environment',
    code: () => linearProbe(js({ train: matrix, trainLabels: classes, test: matrix, l2: '1' })),
    error: 'InvalidOptionError',
    message: /linearProbe: l2 must be a number, got '1'\. Write 1/,
  },
  {
    title: 'a clipping norm of the environment',
    code: () => train({ gradientStages: [clipByGlobalNorm(js('1'))] }),
    error: 'InvalidOptionError',
    message: /clipByGlobalNorm: maxNorm must be a number > 0, got '1'/,
    cure: () => train({ gradientStages: [clipByGlobalNorm(1)] }),
  },
  {
    title: 'the word false',
    code: () => new DataLoader({ dataset: samples(), batchSize: 4, workers: 0, shuffle: js('false') }),
    error: 'InvalidOptionError',
    message: /shuffle must be true or false, got 'false'/,
  },
  {
    title: 'a flag of a layer',
    code: () => new Linear(2, 2, js({ key, bias: 0 })),
    error: 'InvalidOptionError',
    message: /Linear: bias must be true or false, got 0/,
  },
  {
    title: 'a flag of an optimiser',
    code: () => new Sgd([{ parameters: new Squares().trainable() }], js({ momentum: 0.9, nesterov: 'true' })),
    error: 'InvalidOptionError',
    message: /Sgd: nesterov must be true or false, got 'true'/,
  },
  {
    title: 'names for a filter',
    code: () => new AdamW([{ parameters: new Squares().trainable() }], js({ decayFilter: ['weight'] })),
    error: 'InvalidOptionError',
    message: /AdamW: decayFilter must be a function, got weight/,
  },
  {
    title: 'one beta',
    code: () => new AdamW([{ parameters: new Squares().trainable() }], js({ betas: 0.9 })),
    error: 'InvalidOptionError',
    message: /AdamW: betas must be a pair, such as \[0\.9, 0\.999\], got 0\.9/,
    cure: () => new AdamW([{ parameters: new Squares().trainable() }], { betas: [0.9, 0.999] }),
  },
  {
    title: 'the warm-up of relative steps without them',
    code: () => new Adafactor([{ parameters: new Squares().trainable() }], { warmupInit: true }),
    error: 'InvalidOptionError',
    message: /Adafactor: warmupInit must be false, or true with relativeStep: true, got true/,
    cure: () => new Adafactor([{ parameters: new Squares().trainable() }], { warmupInit: true, relativeStep: true }),
  },
  {
    title: 'an epsilon of 0 under norms',
    code: () => new Lamb([{ parameters: new Squares().trainable() }], { epsilon: 0 }),
    error: 'InvalidOptionError',
    message: /Lamb: epsilon must be positive and finite, got 0/,
    cure: () => new Lamb([{ parameters: new Squares().trainable() }], { epsilon: 1e-12 }),
  },
  {
    title: 'betas that are text',
    code: () => new AdamW([{ parameters: new Squares().trainable() }], js({ betas: ['0.9', '0.999'] })),
    error: 'InvalidOptionError',
    message: /betas\[0\] must be in \[0, 1\), got '0\.9'/,
  },
  {
    title: 'a rate that is text',
    code: () => new Dropout(js('0.1')),
    error: 'InvalidOptionError',
    message: /Dropout: rate must be in \[0, 1\), got '0\.1'/,
  },
  {
    title: 'a number for a range',
    code: () => randomResizedCrop(js({ size: 32, scale: 0.2 })),
    error: 'InvalidOptionError',
    message: /randomResizedCrop: scale must be \[low, high\] with 0 <= low <= high <= 1, got 0\.2/,
    cure: () => randomResizedCrop({ size: 32, scale: [0.2, 1] }),
  },
  {
    title: 'a strength that is text',
    code: () => colorJitter(js({ brightness: '0.4' })),
    error: 'InvalidOptionError',
    message: /colorJitter: brightness must be/,
  },
  {
    title: 'a choice in other capitals',
    code: () => ImageFolderDataset.open(folder, js({ labels: 'Folders', recognise: 'Contents' })),
    error: 'InvalidOptionError',
    message: /recognise must be 'endings' or 'contents', got 'Contents'/,
  },
  ...(
    [
      ['gelu', () => gelu(features(), js({ approximate: 'Tanh' })), /approximate must be 'none' or 'tanh', got 'Tanh'/],
      [
        'resize',
        () => resize(js({ size: 4, fit: 'Cover' })),
        /fit must be 'cover' or 'stretch', got 'Cover'\. Did you mean 'cover'/,
      ],
      [
        'affine',
        () => randomAffine(js({ degrees: 9, interpolation: 'BILINEAR' })),
        /'nearest' or 'bilinear'.* Did you mean 'bilinear'/,
      ],
      ['oneCycle', () => oneCycle(js({ max: 1, totalSteps: 9, anneal: 'cos' })), /anneal must be 'cosine' or 'linear'/],
      ['scaleByBatch', () => scaleByBatch(js({ base: 1, batchSize: 2, rule: 'root' })), /rule must be 'linear' or/],
      ['Ema', () => new Ema([], js({ buffers: 'avg' })), /buffers must be 'average', 'copy' or 'keep', got 'avg'/],
      ['kaimingNormal', () => kaimingNormal(js({ mode: 'fan_in' })), /mode must be 'fanIn' or 'fanOut', got 'fan_in'/],
      [
        'Conv2d',
        () => new Conv2d(1, 1, js({ key, kernelSize: 3, padding: 'Same' })),
        /padding must be 'same', 'valid' or/,
      ],
    ] as const
  ).map(([name, code, message]): Mistake => ({
    title: `a choice of ${name}`,
    code,
    error: 'InvalidOptionError',
    message,
  })),
];

describe('values', () => {
  testMistakes(values);
});
