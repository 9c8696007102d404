/** Times one training step of ResNet-50 on 16 images of 128 x 128 with SGD. Prints one JSON line. */
import { randomKey } from '@selfsup/ssl-tensor';
import { Sgd } from '@selfsup/ssl-train';
import { resnet50 } from '@selfsup/ssl-vision';
import { timeTraining } from '../time-steps.js';
import { classification } from '../training-steps.js';

const { step, args } = classification({
  backbone: resnet50({ key: randomKey(0) }),
  batch: 16,
  side: 128,
  classes: 1000,
  learningRate: 0.01,
  optimizer: (parameters) => new Sgd([{ parameters }], { momentum: 0.9, weightDecay: 1e-4 }),
});
await timeTraining('resnet50-step', step, args);
