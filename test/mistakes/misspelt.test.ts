import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { DataLoader, ImageFolderDataset, simclrViews } from '@selfsup/ssl-data';
import { ntXent } from '@selfsup/ssl-losses';
import { Linear, loadSafetensors } from '@selfsup/ssl-nn';
import { compile, profile } from '@selfsup/ssl-tensor';
import { bertConfig } from '@selfsup/ssl-text-mlm';
import { AdamW, Sgd, warmupCosine } from '@selfsup/ssl-train';
import { knnClassify, linearProbe } from '@selfsup/ssl-transfer';
import { resnet18, SimClr } from '@selfsup/ssl-vision';
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

const misspelt: readonly Mistake[] = [
  {
    title: 'temprature of a loss',
    code: () => ntXent(features(), js({ temprature: 0.2 })),
    error: 'InvalidOptionError',
    message:
      /^ntXent: temprature must be a known option, got 0\.2\. Did you mean 'temperature'\? Options are temperature, views/,
    cure: () => ntXent(features(), { temperature: 0.2 }),
  },
  {
    title: 'device of the Trainer',
    code: () => train({ device: 'cuda' }),
    error: 'InvalidOptionError',
    message: /^Trainer: device must be a known option, got 'cuda'\. .*Options are method, loader.*compile/,
    cure: () => train({ compile: { device: 'cpu' } }),
  },
  {
    title: 'epoch of the Trainer',
    code: () => train({ steps: undefined, epoch: 1 }),
    error: 'InvalidOptionError',
    message: /epoch must be a known option, got 1\. Did you mean 'epochs'\?/,
    cure: () => train({ steps: undefined, epochs: 1 }),
  },
  {
    title: 'of its checkpoints',
    code: () => train({ checkpoint: { dir: join(folder, 'a'), every: 1 } }),
    error: 'InvalidOptionError',
    message: /Trainer: checkpoint\.every must be a known option.*Did you mean 'everySteps'\?/,
    cure: () => train({ checkpoint: { dir: join(folder, 'a'), everySteps: 1 } }),
  },
  {
    title: 'of its compile()',
    code: () => train({ compile: { devise: 'cpu' } }),
    error: 'InvalidOptionError',
    message: /compile\.devise must be.*Did you mean 'device'/,
  },
  {
    title: 'of its observers',
    code: () => train({ observers: { onEpoch: () => {} } }),
    error: 'InvalidOptionError',
    message: /observers\.onEpoch must be a known option.*Did you mean 'onEpochEnd'/,
    cure: () => train({ observers: { onEpochEnd: () => {} } }),
  },
  {
    title: 'a hook of an instance',
    code: () =>
      train({
        observers: new (class {
          readonly seen = [];
          onFinish(): void {}
        })(),
      }),
    error: 'InvalidOptionError',
    message: /observers\.onFinish must be a known option.*Options are name, onStart/,
  },
  {
    title: 'its progress',
    code: () => train({ progress: 'silence' }),
    error: 'InvalidOptionError',
    message:
      /progress must be 'auto', 'bar', 'lines', 'silent' or a ProgressReporter \(did you mean 'silent'\?\), got 'silence'/,
  },
  {
    title: 'lr of an optimiser',
    code: () => new AdamW([{ parameters: new Squares().trainable() }], js({ lr: 1e-3 })),
    error: 'InvalidOptionError',
    message:
      /AdamW: lr must be a known option, got 0\.001\. Options are betas, epsilon, amsgrad, weightDecay, decayFilter/,
  },
  {
    title: 'weight_decay as PyTorch has it',
    code: () => new Sgd([{ parameters: new Squares().trainable() }], js({ weight_decay: 0.1 })),
    error: 'InvalidOptionError',
    message: /Did you mean 'weightDecay'/,
  },
  {
    title: 'params of a group',
    code: () => new AdamW([js({ params: new Squares().trainable() })]),
    error: 'InvalidOptionError',
    message: /groups\[0\]\.params must be a known option, got a Map\. Did you mean 'parameters'/,
  },
  {
    title: 'of a schedule',
    code: () => warmupCosine(js({ base: 1, warmup: 1, totalSteps: 10 })),
    error: 'InvalidOptionError',
    message: /warmupCosine: warmup must be.*Did you mean 'warmupSteps'/,
    cure: () => warmupCosine({ base: 1, warmupSteps: 1, totalSteps: 10 }),
  },
  {
    title: 'of a method',
    code: () => new SimClr(js({ backbone: encoder(), key, normalise: statistics })),
    error: 'InvalidOptionError',
    message: /SimClr: normalise must be.*Did you mean 'normalize'/,
  },
  {
    title: 'of a backbone',
    code: () => resnet18(js({ key, stems: 'cifar' })),
    error: 'InvalidOptionError',
    message: /resnet18: stems must be.*Did you mean 'stem'/,
  },
  {
    title: 'of a layer',
    code: () => new Linear(2, 2, js({ key, useBias: false })),
    error: 'InvalidOptionError',
    message: /Linear: useBias must be.*Options are key, bias/,
  },
  {
    title: 'of views',
    code: () => simclrViews(js({ sise: 32 })),
    error: 'InvalidOptionError',
    message: /simclrViews: sise must be.*Did you mean 'size'/,
  },
  {
    title: 'of a loader',
    code: () => new DataLoader(js({ dataset: samples(), batchsize: 4 })),
    error: 'InvalidOptionError',
    message: /DataLoader: batchsize must be.*Did you mean 'batchSize'/,
  },
  {
    title: 'of a data set',
    code: () => ImageFolderDataset.open(folder, js({ lables: 'none' })),
    error: 'InvalidOptionError',
    message: /ImageFolderDataset\.open: lables must be.*Did you mean 'labels'/,
  },
  {
    title: 'of compile()',
    code: () => compile(() => tf.scalar(1), js({ thread: 1 })),
    error: 'InvalidOptionError',
    message: /compile: thread must be.*Did you mean 'threads'/,
  },
  {
    title: 'of profile()',
    code: () => profile(() => tf.scalar(1), [], js({ run: 1 })),
    error: 'InvalidOptionError',
    message: /profile: run must be.*Did you mean 'runs'/,
  },
  {
    title: 'of kNN',
    code: () => knnClassify(js({ train: matrix, trainLabels: classes, test: matrix, neighbors: 1 })),
    error: 'InvalidOptionError',
    message: /knnClassify: neighbors must be.*Options are train/,
  },
  {
    title: 'of the linear probe',
    code: () => linearProbe(js({ train: matrix, trainLabels: classes, tests: matrix })),
    error: 'InvalidOptionError',
    message: /linearProbe: tests must be.*Did you mean 'test'/,
  },
  {
    title: 'of BERT',
    code: () => bertConfig(js({ vocab_size: 100 })),
    error: 'InvalidOptionError',
    message: /bertConfig: vocab_size must be.*Did you mean 'vocabSize'/,
    cure: () => bertConfig({ vocabSize: 100 }),
  },
  {
    title: 'of loadSafetensors',
    code: () => loadSafetensors('x', js({ maxByte: 1 })),
    error: 'InvalidOptionError',
    message: /loadSafetensors: maxByte must be.*Did you mean 'maxBytes'/,
  },
  {
    title: 'of loadStateDict',
    code: () => encoder().loadStateDict(new Map(), js({ Strict: false })),
    error: 'InvalidOptionError',
    message: /Did you mean 'strict'/,
  },
];

describe('misspelt', () => {
  testMistakes(misspelt);
});
