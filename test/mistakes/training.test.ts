import { describe } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { AdamW, Sgd } from '@selfsup/ssl-train';
import { resnet18, SimClr } from '@selfsup/ssl-vision';
import { encoder, features, key, samples, simclr, Squares, statistics, train, trainLoss } from './fixtures.js';
import { testMistakes, js, type Mistake } from './mistake.js';

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
    title: 'a tensor of an observer',
    code: () => train({ observers: { onEpochEnd: () => ({ accuracy: tf.scalar(1) }) } }),
    error: 'InvalidOptionError',
    message: /the metric 'accuracy' of an observer must be a number, got a float32 tensor \[\]\. Read a tensor by/,
  },
  {
    title: 'an observer that returns what push returns',
    code: () => train({ observers: { onStep: (event: unknown) => [].push(js(event)) } }),
    error: 'InvalidOptionError',
    message: /functions that return numbers by name, or nothing, got 1\. To return nothing, put the body into braces/,
  },
  {
    title: 'an observer that is no function',
    code: () => train({ observers: { onStep: 'print' } }),
    error: 'InvalidOptionError',
    message: /observers\.onStep must be a function, got 'print'/,
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

describe('training', () => {
  testMistakes(training);
});
