/**
 * Times the way to the end of the first training step of ViT-Tiny on 64 x 65 tokens: imports, model, trace, lowering,
 * session, run. Prints one JSON line; `seconds` counts from the end of the imports, `secondsOfProcess` from its start.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { compile, randomKey } from '@selfsup/ssl-tensor';
import { AdamW } from '@selfsup/ssl-train';
import { vitTiny } from '@selfsup/ssl-vision';
import { report } from '../time-steps.js';
import { classification } from '../training-steps.js';

const imported = performance.now();
const { step, args } = classification({
  backbone: vitTiny({ imageSize: 32, patchSize: 4, key: randomKey(0) }),
  batch: 64,
  side: 32,
  classes: 10,
  learningRate: 1e-3,
  optimizer: (parameters) => new AdamW([{ parameters }], { weightDecay: 0.05 }),
});
const built = performance.now();
const compiled = compile(step, { name: 'first-step' });
const run = async (): Promise<number> => ((await compiled(...args)) as tf.Tensor).dataSync()[0]!;
const losses = [await run()];
const first = performance.now();
losses.push(await run());
report({
  seconds: (first - imported) / 1000,
  secondsOfProcess: first / 1000,
  secondsOfModel: (built - imported) / 1000,
  secondsOfSecondStep: (performance.now() - first) / 1000,
  losses,
});
