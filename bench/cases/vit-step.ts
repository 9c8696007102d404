/** Times one training step of ViT-Tiny on 64 x 65 tokens with AdamW. Prints one JSON line. */
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW } from '@selfsup/ssl-train';
import { vitTiny } from '@selfsup/ssl-vision';
import { timeTraining } from '../time-steps.js';
import { classification } from '../training-steps.js';

const { step, args } = classification({
  backbone: vitTiny({ imageSize: 32, patchSize: 4, key: randomKey(0) }),
  batch: 64,
  side: 32,
  classes: 10,
  learningRate: 1e-3,
  optimizer: (parameters) => new AdamW([{ parameters }], { weightDecay: 0.05 }),
});
await timeTraining('vit-step', step, args);
