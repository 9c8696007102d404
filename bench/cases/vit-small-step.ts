/** Times one training step of ViT-Small on 24 x 197 tokens. Prints one JSON line. Usage: vit-small-step.ts [adamw | lars] */
import { randomKey } from '@selfsup/ssl-tensor';
import { vitSmall } from '@selfsup/ssl-vision';
import { optimizerCase } from '../optimizer-case.js';
import { timeTraining } from '../time-steps.js';
import { classification } from '../training-steps.js';

const { make, learningRate } = optimizerCase();
const { step, args } = classification({
  backbone: vitSmall({ imageSize: 224, patchSize: 16, key: randomKey(0) }),
  batch: 24,
  side: 224,
  classes: 10,
  learningRate,
  optimizer: (parameters) => make([{ parameters }]),
});
await timeTraining('vit-small-step', step, args);
