import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldIn, RandomStream, randomKey } from '@selfsup/ssl-core';
import {
  ArrayDataset,
  colorJitter,
  DataLoader,
  ImageArrayDataset,
  ImageFolderDataset,
  invert,
  LmdbDataset,
  ManifestDataset,
  normalizeBatch,
  ParquetImageDataset,
  randomAffine,
  randomResizedCrop,
  resize,
  simclrViews,
  takeFirst,
  TextLineDataset,
  twoViews,
  VolumeFolderDataset,
  WebDataset,
} from '@selfsup/ssl-data';
import { dino, ntXent, softmaxCrossEntropy, supCon, vicreg } from '@selfsup/ssl-losses';
import {
  BatchNorm,
  Conv2d,
  Dropout,
  kaimingNormal,
  Linear,
  loadSafetensors,
  Parameter,
  Relu,
  saveSafetensors,
  Sequential,
} from '@selfsup/ssl-nn';
import { compile, gelu, keyArray, profile, randomUniform } from '@selfsup/ssl-tensor';
import { bertBase, bertConfig, BertModel, WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import { AdamW, cosine, Ema, oneCycle, scaleByBatch, Sgd, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { accuracy, extractFeatures, inBatches, knnClassify, linearProbe } from '@selfsup/ssl-transfer';
import { normalizeImages, ProjectionHead, resnet18, SimClr, SmallConvEncoder, vitTiny } from '@selfsup/ssl-vision';
import { encoder, features, key, loader, samples, simclr, Squares, statistics, train, trainLoss } from './fixtures.js';
import { errorClasses, js, type Mistake } from './mistake.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mistakes-'));
});
afterAll(() => rm(folder, { recursive: true }));

const matrix = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] };
const classes = Int32Array.of(0, 1);
const pixels = { data: new Uint8Array(2 * 16 * 16 * 3), shape: [2, 16, 16, 3] };

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
    title: 'of its callbacks',
    code: () => train({ callbacks: { onEpoch: () => {} } }),
    error: 'InvalidOptionError',
    message: /callbacks\.onEpoch must be a known option.*Did you mean 'onEpochEnd'/,
    cure: () => train({ callbacks: { onEpochEnd: () => {} } }),
  },
  {
    title: 'a hook of an instance',
    code: () =>
      train({
        callbacks: new (class {
          readonly seen = [];
          onFinish(): void {}
        })(),
      }),
    error: 'InvalidOptionError',
    message: /callbacks\.onFinish must be a known option.*Options are onStart/,
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
    message: /AdamW: lr must be a known option, got 0\.001\. Options are betas, epsilon, weightDecay, decayFilter/,
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

const forms: readonly Mistake[] = [
  {
    title: 'options that are a number',
    code: () => ntXent(features(), js(0.5)),
    error: 'InvalidOptionError',
    message: /ntXent: options must be an object of options, got 0\.5\. Options are temperature/,
  },
  {
    title: 'options that are null',
    code: () => cosine(js(null)),
    error: 'InvalidOptionError',
    message: /cosine: options must be an object of options, got null/,
  },
  {
    title: 'no options where they are needed',
    code: () => new Trainer(js(undefined)),
    error: 'InvalidOptionError',
    message: /Trainer: options must be an object of options, got undefined/,
  },
  {
    title: 'views as two arguments',
    code: () => ntXent(features(2), js(features(2))),
    error: 'InvalidOptionError',
    message: /ntXent: options must be an object of options, got a float32 tensor \[2, 3\]/,
    cure: () => ntXent([features(2), features(2)]),
  },
  {
    title: 'options that are a Map',
    code: () => new Linear(2, 2, js(new Map([['key', key]]))),
    error: 'InvalidOptionError',
    message: /options must be an object of options, got a Map/,
  },
  {
    title: 'a required option that is missing',
    code: () => new SimClr(js({ backbone: encoder(), key })),
    error: 'InvalidOptionError',
    message: /SimClr: normalize must be given, got undefined\. Required are backbone, normalize/,
  },
  {
    title: 'neither key nor head',
    code: () => new SimClr(js({ backbone: encoder(), normalize: statistics })),
    error: 'InvalidOptionError',
    message: /SimClr: key must be given where there is no head/,
    cure: () => simclr(),
  },
  {
    title: 'the sizes of a head for a head',
    code: () => new SimClr(js({ backbone: encoder(), normalize: statistics, head: { hiddenDim: 32, outDim: 16 } })),
    error: 'InvalidOptionError',
    message:
      /SimClr: head must be a module with forward\(x, ctx\), got an object with hiddenDim, outDim\. Such as new ProjectionHead\(/,
    cure: () => {
      const backbone = encoder();
      const head = new ProjectionHead(backbone.featureDim, { outDim: 128, key: randomKey(2) });
      return new SimClr({ backbone, normalize: statistics, head });
    },
  },
];

const keys: readonly Mistake[] = [
  {
    title: 'a seed for a key',
    code: () => new Linear(2, 2, js({ key: 7 })),
    error: 'InvalidOptionError',
    message: /Linear: key must be a random key, got 7\. Make one of a number by randomKey\(7\)/,
    cure: () => new Linear(2, 2, { key: randomKey(7) }),
  },
  {
    title: 'a name for a key',
    code: () => resnet18(js({ key: 'seed' })),
    error: 'InvalidOptionError',
    message: /resnet18: key must be a random key, got 'seed'.*randomKey/,
  },
  { title: 'no key', code: () => vitTiny(js({})), error: 'InvalidOptionError', message: /vitTiny: key must be given/ },
  {
    title: 'the function that makes keys',
    code: () => new Conv2d(1, 1, js({ key: randomKey, kernelSize: 1 })),
    error: 'InvalidOptionError',
    message: /got the function randomKey/,
  },
  {
    title: 'a seed that is text',
    code: () => randomKey(js('1')),
    error: 'InvalidOptionError',
    message: /randomKey: seed must be a safe integer, got '1'/,
  },
  {
    title: 'a seed to fold into',
    code: () => foldIn(js(3), 'a'),
    error: 'InvalidOptionError',
    message: /foldIn: key must be a random key, got 3.*randomKey\(3\)/,
    cure: () => foldIn(randomKey(3), 'a'),
  },
  {
    title: 'a stream of a number',
    code: () => new RandomStream(js(3)),
    error: 'InvalidOptionError',
    message: /RandomStream: key must be a random key/,
  },
  {
    title: 'no seed of the Trainer',
    code: () => train({ seed: undefined }),
    error: 'InvalidOptionError',
    message: /Trainer: seed must be given/,
  },
  {
    title: 'a key of BertModel that is a number',
    code: () => new BertModel(bertBase, js({ key: 1 })),
    error: 'InvalidOptionError',
    message: /BertModel: key must be a random key/,
  },
];

const training: readonly Mistake[] = [
  {
    title: 'parameters in place of groups',
    code: () => new AdamW(js(new Squares().trainable())),
    error: 'InvalidOptionError',
    message: /AdamW: groups must be an array of groups, got a Map\. Write \[\{ parameters: method\.trainable\(\) \}\]/,
    cure: () => new AdamW([{ parameters: new Squares().trainable() }]),
  },
  {
    title: 'parameters as an array',
    code: () => new AdamW([{ parameters: js([...new Squares().trainable().values()]) }]),
    error: 'InvalidOptionError',
    message:
      /groups\[0\]\.parameters must be pairs of a name and a Parameter, got a Parameter\. Such as method\.trainable\(\)/,
  },
  {
    title: 'a module in place of its parameters',
    code: () => new Sgd([{ parameters: js(encoder()) }]),
    error: 'InvalidOptionError',
    message:
      /groups\[0\]\.parameters must be a Map of parameters by name, got a SmallConvEncoder\. .*module\.namedParameters\(\)/,
    cure: () => new Sgd([{ parameters: encoder().namedParameters() }]),
  },
  {
    title: 'the method in a group',
    code: () => new Sgd(js([new Squares().trainable()])),
    error: 'InvalidOptionError',
    message: /groups\[0\] must be an object of options, got a Map\. Options are parameters/,
  },
  {
    title: 'a class in place of a method',
    code: () => train({ method: Squares }),
    error: 'InvalidOptionError',
    message: /Trainer: method must be a method, got the function Squares\. Make one: new Squares\(\.\.\.\)/,
  },
  {
    title: 'a backbone in place of a method',
    code: () => train({ method: encoder() }),
    error: 'InvalidOptionError',
    message: /method must be a method, got a SmallConvEncoder\. A method has name, modules, trainable\(\) and loss/,
  },
  {
    title: 'a data set in place of a loader',
    code: () => train({ loader: samples() }),
    error: 'InvalidOptionError',
    message: /loader must be a loader, got an ArrayDataset\. A data set becomes one by new DataLoader/,
  },
  {
    title: 'a class in place of an optimiser',
    code: () => train({ optimizer: AdamW }),
    error: 'InvalidOptionError',
    message: /optimizer must be an Optimizer, got the function AdamW/,
  },
  {
    title: 'a loss that is async',
    code: () =>
      trainLoss(async function (batch) {
        return { loss: this.mean(batch) };
      }),
    error: 'InvalidOptionError',
    message: /method 'squares': loss\(\) must be synchronous, got a promise.*Leave async and await out/,
  },
  {
    title: 'a loss without return',
    code: () =>
      trainLoss(function (batch) {
        this.mean(batch);
      }),
    error: 'InvalidOptionError',
    message: /loss\(\) must be a function that returns \{ loss, metrics \}, got undefined\. Is a return missing\?/,
  },
  {
    title: 'a loss that is the tensor',
    code: () =>
      trainLoss(function (batch) {
        return this.mean(batch);
      }),
    error: 'InvalidOptionError',
    message: /got a float32 tensor \[\]\. Write return \{ loss \}/,
    cure: () =>
      trainLoss(function (batch) {
        return { loss: this.mean(batch) };
      }),
  },
  {
    title: 'a loss that is a number',
    code: () => trainLoss(() => ({ loss: 0.5 })),
    error: 'InvalidOptionError',
    message: /loss must be a scalar tensor, got 0\.5\. A number is the same at every step/,
  },
  {
    title: 'a loss for each sample',
    code: () =>
      trainLoss(function ({ x }) {
        return { loss: this.linear.forward(x) };
      }),
    error: 'ShapeError',
    message: /loss must be a scalar, such as tf\.mean\(values\), got float32 \[2, 1\]/,
    cure: () =>
      trainLoss(function ({ x }) {
        return { loss: tf.mean(this.linear.forward(x)) };
      }),
  },
  {
    title: 'a misspelt part of the loss',
    code: () =>
      trainLoss(function (batch) {
        return { loss: this.mean(batch), metric: {} };
      }),
    error: 'InvalidOptionError',
    message: /loss\(\)\.metric must be a known option.*Did you mean 'metrics'/,
  },
  {
    title: 'a vector as a metric',
    code: () =>
      trainLoss(function (batch) {
        return { loss: this.mean(batch), metrics: { each: batch.x } };
      }),
    error: 'ShapeError',
    message: /metrics\.each must be a scalar, such as tf\.mean\(values\), got float32 \[2, 3\]/,
    cure: () =>
      trainLoss(function (batch) {
        return { loss: this.mean(batch), metrics: { each: tf.mean(batch.x) } };
      }),
  },
  {
    title: 'text as a metric',
    code: () =>
      trainLoss(function (batch) {
        return { loss: this.mean(batch), metrics: { phase: 'warm' } };
      }),
    error: 'InvalidOptionError',
    message: /metrics\.phase must be a scalar tensor, got 'warm'/,
  },
  {
    title: 'a number as a metric',
    code: () =>
      trainLoss(function (batch) {
        return { loss: this.mean(batch), metrics: { rate: 0.5 } };
      }),
    error: 'InvalidOptionError',
    message: /metrics\.rate must be a scalar tensor, got 0\.5\. A number is the same at every step/,
  },
  {
    title: 'a tensor of a callback',
    code: () => train({ callbacks: { onEpochEnd: () => ({ accuracy: tf.scalar(1) }) } }),
    error: 'InvalidOptionError',
    message: /the metric 'accuracy' of a callback must be a number, got a float32 tensor \[\]\. Read a tensor by/,
  },
  {
    title: 'a callback that returns what push returns',
    code: () => train({ callbacks: { onStep: (event: unknown) => [].push(js(event)) } }),
    error: 'InvalidOptionError',
    message: /functions that return numbers by name, or nothing, got 1\. To return nothing, put the body into braces/,
  },
  {
    title: 'a callback that is no function',
    code: () => train({ callbacks: { onStep: 'print' } }),
    error: 'InvalidOptionError',
    message: /callbacks\.onStep must be a function, got 'print'/,
  },
  {
    title: 'a schedule that returns nothing',
    code: () =>
      train({
        schedule: (step: number) => {
          void step;
        },
      }),
    error: 'InvalidOptionError',
    message: /schedule must be a finite number >= 0 after 0 steps, got undefined\. Is a return missing\?/,
  },
  {
    title: 'a schedule of NaN later on',
    code: () => train({ schedule: (step: number) => (step === 0 ? 1e-3 : Number.NaN) }),
    error: 'InvalidOptionError',
    message: /schedule must be a finite number >= 0 after 1 steps, got NaN/,
  },
  {
    title: 'a schedule that is a tensor',
    code: () => train({ schedule: () => tf.scalar(0.1) }),
    error: 'InvalidOptionError',
    message: /after 0 steps, got a float32 tensor \[\]/,
  },
  {
    title: 'a schedule that is async',
    code: () => train({ schedule: async () => 0.1 }),
    error: 'InvalidOptionError',
    message: /got a promise \(is an await missing\?\)/,
  },
  {
    title: 'a schedule that is text',
    code: () => train({ schedule: 'cosine' }),
    error: 'InvalidOptionError',
    message: /schedule must be a number, or a function of the step, got 'cosine'\. Such as 1e-3, or warmupCosine/,
  },
  {
    title: 'a misspelt zeroRate',
    code: () => train({ zeroRate: 'yes' }),
    error: 'InvalidOptionError',
    message: /zeroRate must be 'refuse' or 'allow', got 'yes'/,
  },
  {
    title: 'a controller for a signal',
    code: () => train({ signal: new AbortController() }),
    error: 'InvalidOptionError',
    message: /signal must be an AbortSignal \(the signal of an AbortController\)/,
    cure: () => train({ signal: new AbortController().signal }),
  },
  {
    title: 'neither epochs nor steps',
    code: () => train({ steps: undefined }),
    error: 'InvalidOptionError',
    message: /epochs must be given, or steps, and not both/,
  },
  {
    title: 'a method without views',
    code: () => simclr().loss(js({ images: features() }), { training: true }),
    error: 'InvalidOptionError',
    message: /SimClr: batch\.views must be an array of views, got undefined\. Give the loader views: new DataLoader/,
  },
  {
    title: 'a backbone that is a class',
    code: () => new SimClr({ backbone: js(resnet18), key, normalize: statistics }),
    error: 'InvalidOptionError',
    message: /backbone must be a backbone, got the function resnet18\. Make one: resnet18\(\{ key: randomKey\(1\) \}\)/,
  },
];

const data: readonly Mistake[] = [
  {
    title: 'statistics in 0 .. 255',
    code: () => new SimClr({ backbone: encoder(), key, normalize: { mean: [127, 127, 127], std: [64, 64, 64] } }),
    error: 'InvalidOptionError',
    message:
      /SimClr: normalize\.mean must be in \[0, 1\].*got 127,127,127\. Statistics are on the scale 0 \.\. 1: divide those of 0 \.\. 255 by 255/,
    cure: () => new SimClr({ backbone: encoder(), key, normalize: { mean: [127 / 255], std: [64 / 255] } }),
  },
  {
    title: 'statistics of nothing',
    code: () => normalizeImages(tf.zeros([1, 4, 4, 3]), js(undefined)),
    error: 'InvalidOptionError',
    message: /normalizeImages: statistics must be an object of options, got undefined\. Options are mean, std/,
  },
  {
    title: 'statistics in 0 .. 255 on the host',
    code: () => normalizeBatch(pixels, { mean: 127, std: 64 }),
    error: 'InvalidOptionError',
    message: /statistics\.mean must be in \[0, 1\], got 127.*divide/,
    cure: () => normalizeBatch(pixels, { mean: 127 / 255, std: 64 / 255 }),
  },
  {
    title: 'a deviation called deviation',
    code: () => normalizeBatch(pixels, js({ mean: 0.5, deviation: 0.2 })),
    error: 'InvalidOptionError',
    message: /statistics\.deviation must be a known option.*mean, std/,
  },
  {
    title: 'images with the channels first',
    code: () => normalizeImages(tf.zeros([2, 3, 16, 16]), { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] }),
    error: 'ShapeError',
    message:
      /images must be \[batch, height, width, channels\], such as tf\.transpose\(images, \[0, 2, 3, 1\]\), got \[2, 3, 16, 16\], which has the channels first/,
    cure: () =>
      normalizeImages(tf.transpose(tf.zeros([2, 3, 16, 16]), [0, 2, 3, 1]), {
        mean: [0.5, 0.5, 0.5],
        std: [0.2, 0.2, 0.2],
      }),
  },
  {
    title: 'a backbone of images with the channels first',
    code: () => encoder().forward(tf.zeros([2, 3, 16, 16])),
    error: 'ShapeError',
    message:
      /\[batch, height, width, 3\], such as tf\.transpose\(x, \[0, 2, 3, 1\]\), got \[2, 3, 16, 16\], which has the channels first/,
    cure: () => encoder().forward(tf.transpose(tf.zeros([2, 3, 16, 16]), [0, 2, 3, 1])),
  },
  {
    title: 'a data set that is a promise',
    code: () => new DataLoader({ dataset: js(Promise.resolve(samples())), batchSize: 2 }),
    error: 'InvalidOptionError',
    message: /DataLoader: dataset must be a data set, got a promise \(is an await missing\?\)/,
    cure: async () => new DataLoader({ dataset: await Promise.resolve(samples()), batchSize: 2, workers: 0 }),
  },
  {
    title: 'samples in place of a data set',
    code: () => new DataLoader({ dataset: js([{ image: pixels }]), batchSize: 1 }),
    error: 'InvalidOptionError',
    message: /dataset must be a data set, got an array of 1\. Samples in memory are new ArrayDataset\(samples\)/,
  },
  {
    title: 'a batch larger than the data set',
    code: () => new DataLoader({ dataset: samples(), batchSize: 64, workers: 0 }),
    error: 'InvalidOptionError',
    message: /batchSize must be at most the samples of an epoch, 8, with dropLast \(or set dropLast: false\), got 64/,
    cure: () => new DataLoader({ dataset: samples(), batchSize: 64, workers: 0, dropLast: false }),
  },
  {
    title: 'one view in place of views',
    code: () => new DataLoader({ dataset: samples(), batchSize: 4, views: js(simclrViews({ size: 16 })[0]) }),
    error: 'InvalidOptionError',
    message: /views must be an array of views, got .*Write \[view\], or twoViews\(view\)/,
    cure: () =>
      new DataLoader({ dataset: samples(), batchSize: 4, workers: 0, views: twoViews(simclrViews({ size: 16 })[0]!) }),
  },
  {
    title: 'views as an object',
    code: () => new DataLoader({ dataset: samples(), batchSize: 4, views: js({ first: 1 }) }),
    error: 'InvalidOptionError',
    message: /views must be an array of views, got an object with first\. Such as simclrViews/,
  },
  {
    title: 'the function that makes views',
    code: () => new DataLoader({ dataset: samples(), batchSize: 4, views: js([simclrViews({ size: 16 })]) }),
    error: 'InvalidOptionError',
    message: /views\[0\] must be a view.*Spread it: \[\.\.\.views\]/,
  },
  {
    title: 'a folder that is not there',
    code: () => ImageFolderDataset.open(join(folder, 'missing')),
    error: 'DataError',
    message: /missing: .*(ENOENT|not there|no such)/,
  },
  {
    title: 'images as bare numbers',
    code: () => new ImageArrayDataset(js(new Uint8Array(12))),
    error: 'InvalidOptionError',
    message:
      /ImageArrayDataset: images must be an NdArray of Uint8Array.*ndArray\(data, \[n, height, width, channels\]\)/,
  },
  {
    title: 'samples that are no array',
    code: () => new ArrayDataset(js(undefined)),
    error: 'InvalidOptionError',
    message: /ArrayDataset: samples must be an array/,
  },
];

const numbers: readonly Mistake[] = [
  {
    title: 'labels that are one-hot',
    code: () => softmaxCrossEntropy(features(2), js(tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]))),
    error: 'ShapeError',
    message: /labels must be int32 \[2\], such as tf\.argMax\(labels, 1\) of one-hot labels, got float32 \[2, 3\]/,
    cure: () => softmaxCrossEntropy(features(2), tf.argMax(tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]), 1)),
  },
  {
    title: 'one-hot labels of supCon',
    code: () => supCon(features(4), js(tf.tensor2d([1, 0, 0, 1], [2, 2], 'int32'))),
    error: 'ShapeError',
    message: /labels must be int32 \[2\], such as tf\.argMax/,
  },
  {
    title: 'labels of floats',
    code: () => softmaxCrossEntropy(features(2), tf.tensor1d([0, 1])),
    error: 'ShapeError',
    message: /labels must be int32 \[2\], got float32 \[2\]/,
    cure: () => softmaxCrossEntropy(features(2), tf.tensor1d([0, 1], 'int32')),
  },
  {
    title: 'host arrays in place of tensors',
    code: () => ntXent(js(matrix)),
    error: 'InvalidOptionError',
    message:
      /ntXent: z must be a tensor \[views \* batch, dim\], or an array of views, got an NdArray \[2, 2\]\. .*tf\.tensor2d\(data, shape\)/,
  },
  {
    title: 'lists in place of tensors',
    code: () =>
      ntXent(
        js([
          [1, 2],
          [3, 4],
        ]),
      ),
    error: 'ShapeError',
    message: /z\[0\] must be a tensor, float32 \[batch, dim\], such as tf\.tensor\(values, shape, dtype\), got 1,2/,
  },
  {
    title: 'a tensor of a scope that has ended',
    code: () => ntXent(disposed()),
    error: 'InvalidOptionError',
    message: /ntXent: z must be a live tensor, got .*disposed.*tf\.tidy/,
  },
  {
    title: 'the same of a compiled function',
    code: () => compile((x: tf.Tensor) => tf.square(x))(disposed()),
    error: 'InvalidOptionError',
    message: /argument 1 must be a live tensor, got .*disposed/,
  },
  {
    title: 'compile() of a promise',
    code: () => compile(js(Promise.resolve(() => tf.scalar(1)))),
    error: 'InvalidOptionError',
    message: /compile: fn must be a function, got a promise/,
  },
  {
    title: 'compile() of an async function',
    code: () => compile(async (x: tf.Tensor) => tf.square(x))(features()),
    error: 'UnsupportedOpError',
    message: /an async function cannot be compiled.*Make the function synchronous/,
    cure: () => compile((x: tf.Tensor) => tf.square(x))(features()),
  },
  {
    title: 'Float64Array for a compiled function',
    code: () => compile((x: tf.Tensor) => tf.square(x))(js(new Float64Array(4))),
    error: 'InvalidOptionError',
    message:
      /argument 1 must be a tensor, host array.*got a Float64Array of 4\. Pass \{ data: Float32Array\.from\(values\), shape \}/,
    cure: () => compile((x: tf.Tensor) => tf.square(x))({ data: Float32Array.from(new Float64Array(4)), shape: [4] }),
  },
  {
    title: 'a promise for a compiled function',
    code: () => compile((x: tf.Tensor) => tf.square(x))(js(Promise.resolve(1))),
    error: 'InvalidOptionError',
    message: /argument 1 .*got a promise.*Await it first/,
  },
  {
    title: 'features of Float64Array',
    code: () =>
      knnClassify({
        train: js({ data: new Float64Array(4), shape: [2, 2] }),
        trainLabels: classes,
        test: matrix,
        k: 1,
      }),
    error: 'ShapeError',
    message: /float32 \[n, d\] with n >= 1.*got Float64Array \[2, 2\]/,
  },
  {
    title: 'features that are lists',
    code: () =>
      knnClassify({
        train: js([
          [1, 0],
          [0, 1],
        ]),
        trainLabels: classes,
        test: matrix,
        k: 1,
      }),
    error: 'InvalidOptionError',
    message: /train must be an NdArray.*\{ data: Float32Array\.from\(rows\.flat\(\)\), shape: \[n, d\] \}/,
    cure: () =>
      knnClassify({
        train: {
          data: Float32Array.from(
            [
              [1, 0],
              [0, 1],
            ].flat(),
          ),
          shape: [2, 2],
        },
        trainLabels: classes,
        test: matrix,
        k: 1,
      }),
  },
  {
    title: 'features that are a promise',
    code: () => linearProbe({ train: js(Promise.resolve(matrix)), trainLabels: classes, test: matrix }),
    error: 'InvalidOptionError',
    message: /linearProbe: train must be an NdArray.*got a promise \(is an await missing\?\)/,
  },
  {
    title: 'labels in an NdArray',
    code: () => knnClassify({ train: matrix, trainLabels: js({ data: classes, shape: [2] }), test: matrix, k: 1 }),
    error: 'InvalidOptionError',
    message: /trainLabels must be an array of numbers \(the data of an NdArray or tensor\)/,
  },
  {
    title: 'a batch with nothing to cut',
    code: () => [...inBatches(js([1, 2, 3]), 2)],
    error: 'ShapeError',
    message: /batch must be at least one NdArray/,
  },
  {
    title: 'a feature function that returns a record',
    code: () =>
      extractFeatures(
        js((x: tf.Tensor) => ({ y: tf.square(x) })),
        inBatches(matrix, 2),
      ),
    error: 'InvalidOptionError',
    message: /features must be a function that returns a tensor \[batch, d\], got an object with y/,
  },
  {
    title: 'options in place of a number of channels',
    code: () => new BatchNorm(js({ channels: 4 })),
    error: 'InvalidOptionError',
    message: /BatchNorm: .* must be a positive integer, got an object with channels/,
  },
];

const modules: readonly Mistake[] = [
  {
    title: 'a host array for a backbone',
    code: () => encoder().forward(js(pixels)),
    error: 'ShapeError',
    message:
      /Conv2d\.forward: x must be a tensor, such as tf\.tensor\(values, shape, dtype\), got an NdArray \[2, 16, 16, 3\]/,
  },
  {
    title: 'a list for a layer',
    code: () => new Linear(2, 2, { key }).forward(js([[1, 2]])),
    error: 'ShapeError',
    message: /Linear\.forward: x must be a tensor.*got an array of 1/,
    cure: () => new Linear(2, 2, { key }).forward(tf.tensor([[1, 2]])),
  },
  {
    title: 'host arrays for normalizeImages',
    code: () => normalizeImages(js(pixels), statistics),
    error: 'ShapeError',
    message: /normalizeImages: images must be a tensor, \[batch, height, width, channels\]/,
  },
  {
    title: 'ids for BERT',
    code: () => bert().forward(js([[1, 2]])),
    error: 'InvalidOptionError',
    message:
      /BertModel\.forward: inputs must be a record with inputIds, got an array of 1\. Of ids it is \{ inputIds: tf\.tensor2d/,
    cure: () => bert().forward({ inputIds: tf.tensor2d([1, 2], [1, 2], 'int32') }),
  },
  {
    title: 'patches of images with the channels first',
    code: () => vitTiny({ key, imageSize: 16, patchSize: 8 }).forward(tf.zeros([1, 3, 16, 16])),
    error: 'ShapeError',
    message:
      /\[batch, 16, 16, 3\], such as tf\.transpose\(images, \[0, 2, 3, 1\]\), got \[1, 3, 16, 16\], which has the channels first/,
  },
  {
    title: 'a key of the host in the step',
    code: () => randomUniform(js(randomKey(1)), [2]),
    error: 'ShapeError',
    message:
      /randomUniform: key must be a tensor, int32 \[2\] \(a RandomKey becomes one by tf\.tensor1d\(keyArray\(key\)\.data\)\)/,
    cure: () => randomUniform(tf.tensor1d(keyArray(randomKey(1)).data, 'int32'), [2]),
  },
  {
    title: 'a seed for a key of the step',
    code: () => keyArray(js(7)),
    error: 'InvalidOptionError',
    message: /keyArray: key must be a random key, got 7.*randomKey\(7\)/,
  },
  {
    title: 'an op of a disposed tensor',
    code: () => gelu(disposed()),
    error: 'InvalidOptionError',
    message: /gelu: x must be a live tensor.*tf\.tidy/,
  },
  {
    title: 'one view in place of several',
    code: () => dino(js(features()), js(features()), js({})),
    error: 'InvalidOptionError',
    message:
      /dino: teacher must be an array of tensors, one for each view, got a float32 tensor \[4, 3\]\. Write \[first, second\]/,
  },
  {
    title: 'a pair in place of a matrix',
    code: () => vicreg(js([features(), features()]), js(undefined)),
    error: 'ShapeError',
    message: /vicreg: zA must be a tensor, such as tf\.tensor\(values, shape, dtype\), got an array of 2/,
    cure: () => vicreg(features(), features()),
  },
  {
    title: 'no image for a view',
    code: () => invert(js('photo.png')),
    error: 'InvalidOptionError',
    message:
      /invert: image must be an image, got 'photo\.png'\. An image is \{ data: Uint8Array, shape: \[height, width, channels\] \}, as await decodeImage\(file\)/,
  },
  {
    title: 'a subset of a promise',
    code: () => takeFirst(js(Promise.resolve(samples())), 2),
    error: 'InvalidOptionError',
    message: /takeFirst: dataset must be a data set, got a promise \(is an await missing\?\)/,
    cure: () => takeFirst(samples(), 2),
  },
];

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
    code: () => train({ clipNorm: '1' }),
    error: 'InvalidOptionError',
    message: /Trainer: clipNorm must be a number, got '1'/,
    cure: () => train({ clipNorm: 1 }),
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
      ['resize', () => resize(js({ size: 4, fit: 'Cover' })), /fit must be one of cover, stretch, got 'Cover'/],
      ['affine', () => randomAffine(js({ degrees: 9, interpolation: 'BILINEAR' })), /one of nearest, bilinear/],
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

const settings: readonly Mistake[] = [
  ...(
    [
      ['a big integer', { size: 3n }, /Trainer: config\.size must be JSON: .*, got 3/],
      ['a function', { augment: (x: number) => x }, /config\.augment must be JSON: .*got the function augment/],
      ['a Map in a list', { parts: [new Map()] }, /config\.parts\.0 must be JSON: .*got a Map/],
      ['not a number', { rate: Number.NaN }, /config\.rate must be JSON: .*finite numbers.*got NaN/],
    ] as const
  ).map(([title, config, message]): Mistake => ({
    title: `${title} in the config`,
    code: () => train({ config }),
    error: 'InvalidOptionError',
    message,
    cure: () => train({ config: { size: 3, augment: 'flip', parts: [{}], rate: null, left: undefined } }),
  })),
  {
    title: 'a step to go on from',
    code: () => train({ checkpoint: { dir: join(folder, 'c'), resume: 3 } }),
    error: 'InvalidOptionError',
    message: /checkpoint\.resume must be true, false, 'latest-good' or a path, got 3/,
    cure: () => train({ checkpoint: { dir: join(folder, 'c'), resume: true } }),
  },
  {
    title: 'buffers of an average that nothing has',
    code: () => train({ ema: { buffers: 'avg' } }),
    error: 'InvalidOptionError',
    message: /Trainer: ema\.buffers must be 'average', 'copy' or 'keep', got 'avg'/,
  },
];

const parts: readonly Mistake[] = [
  {
    title: 'layers one after the other',
    code: () => new Sequential(js(new Relu())),
    error: 'InvalidOptionError',
    message: /Sequential: layers must be an array of modules, got a Relu\. Write new Sequential\(\[first, second\]\)/,
    cure: () => new Sequential([new Relu()]),
  },
  {
    title: 'a class of a layer',
    code: () => new Sequential([js(Relu)]),
    error: 'InvalidOptionError',
    message:
      /layers\[0\] must be a module with forward\(x, ctx\), got the function Relu\. Of a class make one, new Relu\(/,
  },
  {
    title: 'a function for a layer',
    code: () => new Sequential([new Linear(2, 2, { key }), js(tf.relu)]),
    error: 'InvalidOptionError',
    message: /layers\[1\] must be .*a function such as tf\.relu is new Relu\(\)/,
    cure: () => new Sequential([new Linear(2, 2, { key }), new Relu()]),
  },
  {
    title: 'a width for a head',
    code: () => new SimClr(js({ backbone: encoder(), key, normalize: statistics, head: 128 })),
    error: 'InvalidOptionError',
    message: /SimClr: head must be a module with forward\(x, ctx\), got 128\. Such as new ProjectionHead\(/,
    cure: () =>
      new SimClr({
        backbone: encoder(),
        normalize: statistics,
        head: new ProjectionHead(encoder().featureDim, { key }),
      }),
  },
  {
    title: 'one number of channels',
    code: () => new SmallConvEncoder(js({ key, inChannels: 3, channels: 4, strides: [2] })),
    error: 'InvalidOptionError',
    message: /SmallConvEncoder: channels must be one or more positive integers, got 4/,
  },
  {
    title: 'an epoch that is async',
    code: () => train({ loader: { ...loader, epoch: async () => [] } }),
    error: 'InvalidOptionError',
    message: /loader\.epoch\(\) must be batches one after the other, got a promise.*Write async \*epoch/,
  },
  {
    title: 'a batch that is none',
    code: () =>
      train({
        loader: {
          ...loader,
          async *epoch() {
            yield undefined;
          },
        },
      }),
    error: 'InvalidOptionError',
    message: /a batch of loader\.epoch\(\) must be a record of arrays, got undefined/,
  },
  {
    title: 'an epoch that is a list',
    code: () => train({ loader: { ...loader, epoch: () => 'ab' } }),
    error: 'InvalidOptionError',
    message: /loader\.epoch\(\) must be batches.*got 'ab'.*an array of batches/,
    cure: () => train({ loader: { ...loader, epoch: () => [{ x: matrix3 }, { x: matrix3 }] } }),
  },
  {
    title: 'texts for a layer',
    code: () => new Linear(2, 2, { key }).forward(tf.tensor2d([['a', 'b']])),
    error: 'ShapeError',
    message: /Linear\.forward: x must be a tensor of numbers, got a string tensor \[1, 2\]/,
  },
  ...(
    [
      ['ImageFolderDataset', ImageFolderDataset],
      ['TextLineDataset', TextLineDataset],
      ['ManifestDataset', ManifestDataset],
      ['LmdbDataset', LmdbDataset],
      ['ParquetImageDataset', ParquetImageDataset],
      ['WebDataset', WebDataset],
      ['VolumeFolderDataset', VolumeFolderDataset],
    ] as const
  ).map(([name, type]): Mistake => ({
    title: `new ${name}`,
    code: () => new (type as unknown as new (path: string) => unknown)('photos'),
    error: 'InvalidOptionError',
    message: new RegExp(`new ${name}: source must be .*, got .*\\. Write await ${name}\\.open\\(path\\)`),
  })),
  {
    title: 'new WordPieceTokenizer',
    code: () => new (WordPieceTokenizer as unknown as new (list: string[]) => unknown)(['a']),
    error: 'InvalidOptionError',
    message: /new WordPieceTokenizer: file must be .*got a\. Write await WordPieceTokenizer\.fromFolder\(folder\)/,
  },
];
const matrix3 = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] };

const contexts: readonly Mistake[] = [
  {
    title: 'true for a context',
    code: () => new BatchNorm(3).forward(features(), js(true)),
    error: 'InvalidOptionError',
    message: /BatchNorm\.forward: ctx must be an object of options, got true\. Options are training, key, salt/,
    cure: () => new BatchNorm(3).forward(features(), { training: true }),
  },
  {
    title: 'a misspelt context',
    code: () => new BatchNorm(3).forward(features(), js({ train: true })),
    error: 'InvalidOptionError',
    message: /BatchNorm\.forward: ctx\.train must be a known option, got true\. Did you mean 'training'/,
  },
  {
    title: 'a mode for a context',
    code: () => encoder().forward(tf.zeros([1, 16, 16, 3]), js({ training: 'yes' })),
    error: 'InvalidOptionError',
    message: /ctx\.training must be true or false, got 'yes'/,
  },
  {
    title: 'a tensor for a Parameter',
    code: () => new Parameter(js(features())),
    error: 'InvalidOptionError',
    message:
      /Parameter: initial must be an NdArray, got a float32 tensor \[4, 3\]\. Such as \{ data: Float32Array\.from\(values\), shape \}/,
    cure: () => new Parameter({ data: Float32Array.from([1, 2]), shape: [2] }),
  },
  {
    title: 'an array for batches',
    code: () => extractFeatures((x: tf.Tensor2D) => x, js(matrix)),
    error: 'InvalidOptionError',
    message:
      /batches must be batches one after the other, got an NdArray \[2, 2\]\. Of one array they are inBatches\(array, 64\)/,
    cure: () => extractFeatures((x: tf.Tensor2D) => tf.square(x), inBatches(matrix, 64)),
  },
  {
    title: 'a pair for the EMA',
    code: () => new Ema(js({ online: encoder(), target: encoder() })),
    error: 'InvalidOptionError',
    message: /Ema: pairs must be an array of pairs.*Write \[\{ online, target \}\]/,
    cure: () => new Ema([{ online: encoder(), target: encoder() }]),
  },
  {
    title: 'a tensor for predictions',
    code: () => accuracy(js(tf.tensor1d([0, 1])), classes),
    error: 'InvalidOptionError',
    message: /accuracy: predictions must be an array of numbers \(the data of an NdArray or tensor\)/,
  },
];

const bert = (): BertModel =>
  new BertModel(
    bertConfig({ vocabSize: 10, hiddenSize: 4, numHiddenLayers: 1, numAttentionHeads: 1, intermediateSize: 4 }),
    { key },
  );

const files: readonly Mistake[] = [
  {
    title: 'a home folder that only a shell knows',
    code: () => train({ checkpoint: { dir: '~/runs' } }),
    error: 'InvalidOptionError',
    message: /checkpoint\.dir must be a path without ~, got '~\/runs'\. Only a shell knows ~: write join\(homedir\(\)/,
  },
  {
    title: 'the same of saving',
    code: () => saveSafetensors('~/x.safetensors', encoder().stateDict()),
    error: 'InvalidOptionError',
    message: /a path without ~/,
  },
  {
    title: 'a URL of a folder',
    code: () => ImageFolderDataset.open(js(pathToFileURL(folder))),
    error: 'InvalidOptionError',
    message:
      /ImageFolderDataset\.open: root must be a path, got a URL\. Of a URL it is fileURLToPath\(url\) of node:url/,
  },
  {
    title: 'bytes for a checkpoint folder',
    code: () => train({ checkpoint: { dir: Buffer.from(folder) } }),
    error: 'InvalidOptionError',
    message: /checkpoint\.dir must be a path, got a Buffer/,
    cure: () => train({ checkpoint: { dir: Buffer.from(join(folder, 'b')).toString() } }),
  },
  {
    title: 'a tokenizer folder of a missing variable',
    code: () => WordPieceTokenizer.fromFolder(js(undefined)),
    error: 'InvalidOptionError',
    message: /WordPieceTokenizer\.fromFolder: folder must be a path, got undefined/,
  },

  {
    title: 'saving to a folder that is not there',
    code: () => saveSafetensors(join(folder, 'none', 'x.safetensors'), encoder().stateDict()),
    error: 'CheckpointError',
    message: /x\.safetensors: cannot be written: .*\(ENOENT\).*a missing folder has to be made first/,
    cure: async () => {
      await mkdir(join(folder, 'none'));
      await saveSafetensors(join(folder, 'none', 'x.safetensors'), encoder().stateDict());
    },
  },
  {
    title: 'saving a module',
    code: () => saveSafetensors(join(folder, 'x'), js(encoder())),
    error: 'InvalidOptionError',
    message: /state must be a Map of names to arrays.*module\.stateDict\(\)/,
    cure: () => saveSafetensors(join(folder, 'x'), encoder().stateDict()),
  },
  {
    title: 'saving a promise',
    code: () => saveSafetensors(join(folder, 'x'), js(Promise.resolve(new Map()))),
    error: 'InvalidOptionError',
    message: /state must be a Map.*got a promise/,
  },
  {
    title: 'loading what loadSafetensors returns as a whole',
    code: async () => {
      await saveSafetensors(join(folder, 'y'), encoder().stateDict());
      encoder().loadStateDict(js(await loadSafetensors(join(folder, 'y'))));
    },
    error: 'InvalidOptionError',
    message: /state must be a Map of names to arrays, such as `tensors` of what loadSafetensors returns/,
    cure: async () => encoder().loadStateDict((await loadSafetensors(join(folder, 'y'))).tensors as never),
  },
  {
    title: 'a checkpoint folder that is no path',
    code: () => train({ checkpoint: 'runs/a' }),
    error: 'InvalidOptionError',
    message: /checkpoint must be an object of options, got 'runs\/a'\. Options are dir/,
  },
  {
    title: 'a log that is a stream',
    code: () => train({ logFile: process.stderr }),
    error: 'InvalidOptionError',
    message: /logFile must be a path/,
  },
];

function disposed(): tf.Tensor2D {
  const tensor = features();
  tensor.dispose();
  return tensor;
}

describe.each(
  Object.entries({ misspelt, forms, keys, training, data, numbers, values, settings, parts, modules, contexts, files }),
)('%s', (_, mistakes) => {
  it.each(mistakes.map((mistake) => [mistake.title, mistake] as const))(
    '%s',
    async (_title, { code, error, message, cure }) => {
      const thrown = await Promise.resolve()
        .then(code)
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );
      expect(thrown instanceof Error ? thrown.message : 'nothing was thrown').toMatch(message);
      expect(
        errorClasses[error].isInstance.call(errorClasses[error] as never, thrown),
        `${String(thrown)} is a ${error}`,
      ).toBe(true);
      await cure?.();
    },
  );
});
